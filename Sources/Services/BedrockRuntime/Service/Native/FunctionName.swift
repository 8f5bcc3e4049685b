internal import Primitives

/// What names of tools are made of in the notations of Anthropic and OpenAI, which differ in how long they may be.
enum FunctionName {
    /// Letters, digits, `_` and `-` of ASCII, or nothing.
    static func isPlain(_ name: String) -> Bool {
        name.utf8.allSatisfy { byte in
            ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }
}
