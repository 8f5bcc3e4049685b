/// Tells code, comments and string literals of a Swift file apart: a rule about code does not trip over a sentence.
///
/// It knows nested block comments, raw and multi-line strings, interpolation and raw identifiers. It does not know
/// regular expression literals: a quote in one would be taken for a string's beginning, up to the end of that line.
struct Lexer {
    /// What a byte belongs to.
    enum Kind: UInt8 {
        case code
        case comment
        case string
    }

    /// A string literal that is open, or the code of an interpolation in it.
    private enum Context {
        case string(hashes: Int, isMultiLine: Bool)
        case interpolation(parentheses: Int)
    }

    private let bytes: [UInt8]
    private var kinds: [Kind]
    private var index = 0
    private var contexts: [Context] = []

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        self.kinds = [Kind](repeating: .code, count: bytes.count)
    }

    /// - Returns: the kind of each byte.
    /// - Complexity: O(bytes), but for the delimiters' lengths.
    static func kinds(of bytes: [UInt8]) -> [Kind] {
        var lexer = Lexer(bytes: bytes)
        while lexer.index < bytes.count { lexer.step() }
        return lexer.kinds
    }

    private mutating func step() {
        if case .string(let hashes, let isMultiLine) = contexts.last {
            stepInString(hashes: hashes, isMultiLine: isMultiLine)
        } else {
            stepInCode()
        }
    }

    private mutating func stepInCode() {
        if starts("//") {
            mark(.comment) { $0 != UInt8(ascii: "\n") }
        } else if starts("/*") {
            blockComment()
        } else if starts("`") {
            index += 1
            mark(.string) { $0 != UInt8(ascii: "`") && $0 != UInt8(ascii: "\n") }
            index += 1
        } else if let opening = stringOpening() {
            contexts.append(.string(hashes: opening.hashes, isMultiLine: opening.isMultiLine))
            mark(.string, count: opening.length)
        } else {
            countParenthesis(bytes[index])
            index += 1
        }
    }

    /// Closes the interpolation when its own parenthesis closes.
    private mutating func countParenthesis(_ byte: UInt8) {
        guard case .interpolation(let parentheses) = contexts.last else { return }
        if byte == UInt8(ascii: "(") {
            contexts[contexts.count - 1] = .interpolation(parentheses: parentheses + 1)
        } else if byte == UInt8(ascii: ")") {
            if parentheses == 0 {
                contexts.removeLast()
                kinds[index] = .string
            } else {
                contexts[contexts.count - 1] = .interpolation(parentheses: parentheses - 1)
            }
        }
    }

    private mutating func stepInString(hashes: Int, isMultiLine: Bool) {
        let closing = String(repeating: "\"", count: isMultiLine ? 3 : 1) + String(repeating: "#", count: hashes)
        let escape = "\\" + String(repeating: "#", count: hashes)
        if starts(closing) {
            mark(.string, count: closing.utf8.count)
            contexts.removeLast()
        } else if starts(escape + "(") {
            mark(.string, count: escape.utf8.count + 1)
            contexts.append(.interpolation(parentheses: 0))
        } else if starts(escape) {
            mark(.string, count: escape.utf8.count + 1)
        } else if bytes[index] == UInt8(ascii: "\n"), !isMultiLine {
            // Not closed on its line: the compiler will say so; go on as code.
            contexts.removeLast()
            index += 1
        } else {
            mark(.string, count: 1)
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                mark(.comment, count: 2)
            } else if starts("*/") {
                depth -= 1
                mark(.comment, count: 2)
            } else {
                mark(.comment, count: 1)
            }
        } while depth > 0 && index < bytes.count
    }

    /// The delimiter that opens a string literal here, if one does.
    private func stringOpening() -> (hashes: Int, isMultiLine: Bool, length: Int)? {
        var quote = index
        while quote < bytes.count, bytes[quote] == UInt8(ascii: "#") { quote += 1 }
        guard quote < bytes.count, bytes[quote] == UInt8(ascii: "\"") else { return nil }
        let hashes = quote - index
        let isMultiLine = bytes[quote...].starts(with: Array("\"\"\"".utf8))
        return (hashes, isMultiLine, hashes + (isMultiLine ? 3 : 1))
    }

    private func starts(_ text: String) -> Bool {
        let wanted = text.utf8
        guard index + wanted.count <= bytes.count else { return false }
        return zip(bytes[index...], wanted).allSatisfy { $0 == $1 }
    }

    private mutating func mark(_ kind: Kind, count: Int) {
        for _ in 0..<min(count, bytes.count - index) {
            kinds[index] = kind
            index += 1
        }
    }

    private mutating func mark(_ kind: Kind, while belongs: (UInt8) -> Bool) {
        while index < bytes.count, belongs(bytes[index]) { mark(kind, count: 1) }
    }
}
