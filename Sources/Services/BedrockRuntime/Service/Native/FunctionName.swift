internal import Primitives

/// The characters of tool names, which are the same in Anthropic's and OpenAI's notations; the limits on length differ.
enum FunctionName {
    /// Only letters, digits, `_` and `-` of ASCII; true for an empty name.
    static func isPlain(_ name: String) -> Bool {
        name.utf8.allSatisfy { byte in
            ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }
}
