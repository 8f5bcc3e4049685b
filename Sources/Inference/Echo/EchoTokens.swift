internal import ServiceModel

/// The tokens of `brume.echo`: a word with the spaces before it, or one other character.
enum EchoTokens {
    /// What an image is counted as.
    static let imageTokens = 256

    static func pieces(_ text: some StringProtocol) -> [Substring] {
        let text = Substring(text)
        var pieces: [Substring] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            if text[index].isWhitespace {
                index = text.index(after: index)
                continue
            }
            let isWord = Self.isWord(text[index])
            index = text.index(after: index)
            while isWord, index < text.endIndex, Self.isWord(text[index]) { index = text.index(after: index) }
            pieces.append(text[start..<index])
            start = index
        }
        if start < text.endIndex { pieces.append(text[start...]) }
        return pieces
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber
    }

    static func count(_ request: ChatRequest) -> Int {
        var count = request.system.reduce(0) { $0 + self.pieces($1).count }
        for tool in request.tools {
            count += self.pieces(tool.name).count + self.pieces(tool.description).count + self.count(tool.schema)
        }
        for message in request.messages {
            // The mark of who speaks.
            count += 1
            for part in message.parts { count += self.count(part) }
        }
        return count
    }

    private static func count(_ part: ChatRequest.Part) -> Int {
        switch part {
        case .text(let text), .reasoning(let text), .toolResult(_, let text): self.pieces(text).count
        case .image: self.imageTokens
        case .toolCall(let call): self.pieces(call.name).count + self.count(call.arguments)
        }
    }

    static func count(_ document: Document) -> Int {
        self.pieces(self.text(document)).count
    }

    /// A document as JSON, without needless spaces.
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
