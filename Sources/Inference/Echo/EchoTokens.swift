internal import ServiceModel

/// The tokens of `brume.echo`: a word with the spaces before it, or a single other character.
///
/// Tokens are computed from bytes, in one pass: the cost of a request must be known before it is processed further.
enum EchoTokens {
    /// The token count of an image.
    static let imageTokens = 256
    /// A longer word, or a longer run of spaces, becomes several tokens.
    static let tokenBytesMax = 32

    /// The index after the token that begins at `start`, which must be the first byte of a UTF-8 character.
    static func end(in bytes: Span<UInt8>, from start: Int) -> Int {
        let limit = min(bytes.count, start + Self.tokenBytesMax)
        var index = start
        while index < limit, Self.isSpace(bytes[index]) { index += 1 }
        guard index < limit else { return index }
        let isWord = Self.isWord(bytes[index])
        index += Self.width(bytes[index])
        while isWord, index < limit, Self.isWord(bytes[index]) { index += Self.width(bytes[index]) }
        return min(index, bytes.count)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte &- 0x09 < 5
    }

    /// Whether a character that begins with this byte is part of words: ASCII letters and digits, and U+00C0 to U+1FFF,
    /// the range of the alphabets. Ideographs, symbols and emoji are separate tokens.
    private static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || (0xC3...0xE1).contains(byte)
    }

    /// The length of the character that begins with this byte, in bytes.
    private static func width(_ byte: UInt8) -> Int {
        byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    }

    static func count(_ text: String) -> Int {
        var counter = Counter(countMax: .max)
        counter.add(text)
        return counter.count
    }

    /// The number of tokens of a request; counting stops once it exceeds `countMax`.
    static func count(_ request: ChatRequest, upTo countMax: Int = .max - 1) -> Int {
        var counter = Counter(countMax: countMax)
        for text in request.system { counter.add(text) }
        for tool in request.tools {
            counter.add(tool.name)
            counter.add(tool.description)
            counter.add(tool.schema)
        }
        for message in request.messages {
            // The marker of the role.
            counter.add(tokens: 1)
            for part in message.parts { counter.add(part) }
        }
        return counter.count
    }

    static func count(_ document: Document) -> Int {
        self.count(self.text(document))
    }

    /// Stops counting once it exceeds its limit.
    private struct Counter {
        private(set) var count = 0
        let countMax: Int

        init(countMax: Int) {
            self.countMax = countMax
        }

        mutating func add(_ text: String) {
            let bytes = text.utf8.span
            var index = 0
            while index < bytes.count, self.count <= self.countMax {
                index = EchoTokens.end(in: bytes, from: index)
                self.count += 1
            }
        }

        mutating func add(_ document: Document) {
            guard self.count <= self.countMax else { return }
            self.add(EchoTokens.text(document))
        }

        mutating func add(tokens: Int) {
            self.count = min(self.count + tokens, self.countMax + 1)
        }

        mutating func add(_ part: ChatRequest.Part) {
            switch part {
            case .text(let text), .reasoning(let text), .toolResult(_, let text): self.add(text)
            case .image: self.add(tokens: EchoTokens.imageTokens)
            case .toolCall(let call):
                self.add(call.name)
                self.add(call.arguments)
            }
        }
    }

    /// A document as JSON without white space.
    static func text(_ document: Document) -> String {
        switch document {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): self.quoted(text)
        case .array(let elements): "[" + elements.map(self.text).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { self.quoted($0.name) + ":" + self.text($0.value) }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case let scalar where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
