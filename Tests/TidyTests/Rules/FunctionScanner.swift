/// Finds the functions and initialisers of a Swift file and how long each is.
struct FunctionScanner {
    /// A function with a body.
    struct Function: Hashable {
        /// The declared name; `init` for an initialiser.
        let name: String
        /// The line of its keyword, counted from 0.
        let firstLine: Int
        /// Lines from its keyword to its closing brace.
        let lineCount: Int
    }

    /// Words that begin a declaration or end a scope: met before a brace, they show that the function has no body.
    private static let declarationWords: Set<String> = [
        "func", "init", "var", "let", "static", "mutating", "package", "private", "associatedtype", "subscript", "case",
        "struct", "class", "enum", "extension", "protocol", "typealias", "actor", "deinit", "import",
    ]

    private let text: [UInt8]
    private let lineOfByte: [Int]

    private init(file: SourceFile) {
        var text: [UInt8] = []
        var lineOfByte: [Int] = []
        for (index, line) in file.code.enumerated() {
            text += Array(line.utf8) + [UInt8(ascii: "\n")]
            lineOfByte += [Int](repeating: index, count: line.utf8.count + 1)
        }
        self.text = text
        self.lineOfByte = lineOfByte
    }

    /// - Returns: the functions with a body, nested ones too, in the order of their keywords.
    static func functions(in file: SourceFile) -> [Function] {
        let scanner = FunctionScanner(file: file)
        var found: [Function] = []
        var index = 0
        while index < scanner.text.count {
            guard isWordByte(scanner.text[index]) else {
                index += 1
                continue
            }
            let end = scanner.wordEnd(from: index)
            if let function = scanner.function(keywordAt: index, keywordEnd: end) { found.append(function) }
            index = end
        }
        return found
    }

    private func function(keywordAt start: Int, keywordEnd: Int) -> Function? {
        let keyword = String(decoding: text[start..<keywordEnd], as: UTF8.self)
        // `self.init(…)` and `.init(…)` are calls.
        guard keyword == "func" || (keyword == "init" && (start == 0 || text[start - 1] != UInt8(ascii: "."))) else {
            return nil
        }
        guard let parameters = text[keywordEnd...].firstIndex(of: UInt8(ascii: "(")),
            let parametersEnd = closing(from: parameters, UInt8(ascii: "("), UInt8(ascii: ")")),
            let body = bodyStart(from: parametersEnd + 1),
            let end = closing(from: body, UInt8(ascii: "{"), UInt8(ascii: "}"))
        else { return nil }
        let nameBytes = text[keywordEnd..<parameters].filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
        let name = keyword == "init" ? "init" : String(decoding: nameBytes, as: UTF8.self)
        return Function(
            name: name.allSatisfy { $0 == "`" } ? "this function" : name,
            firstLine: lineOfByte[start],
            lineCount: lineOfByte[end] - lineOfByte[start] + 1
        )
    }

    /// The opening brace of the body, or nil where another declaration or a closing brace comes first.
    private func bodyStart(from start: Int) -> Int? {
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "{") { return index }
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "@") && startsLine(index) { return nil }
            if FunctionScanner.isWordByte(byte) {
                let end = wordEnd(from: index)
                let word = String(decoding: text[index..<end], as: UTF8.self)
                if FunctionScanner.declarationWords.contains(word), startsLine(index) { return nil }
                index = end
            } else {
                index += 1
            }
        }
        return nil
    }

    private func closing(from start: Int, _ open: UInt8, _ close: UInt8) -> Int? {
        var depth = 0
        for index in start..<text.count {
            if text[index] == open { depth += 1 }
            if text[index] == close {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    private func startsLine(_ index: Int) -> Bool {
        text[..<index].reversed().prefix { $0 != UInt8(ascii: "\n") }.allSatisfy { $0 == UInt8(ascii: " ") }
    }

    private func wordEnd(from start: Int) -> Int {
        text[start...].firstIndex { !FunctionScanner.isWordByte($0) } ?? text.count
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }
}
