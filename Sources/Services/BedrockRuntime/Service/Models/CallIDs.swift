internal import Inference

/// The form of a tool call's id in a notation: its prefix, followed by the model's id.
enum CallIDs: String, Sendable {
    /// Converse, and Nova's bodies.
    case converse = "tooluse_"
    /// OpenAI's API, and native bodies in its notation.
    case openAI = "call_"
    /// Claude's native bodies.
    case claude = "toolu_bdrk_01"
    /// Anthropic's API.
    case anthropic = "toolu_01"

    func id(_ call: ToolCall) -> String {
        // Answers cached or recorded by older versions of Brume contain Converse's prefix.
        let prefix = Self.converse.rawValue
        let bare = call.id.hasPrefix(prefix) ? String(call.id.dropFirst(prefix.count)) : call.id
        return self.rawValue + bare
    }
}
