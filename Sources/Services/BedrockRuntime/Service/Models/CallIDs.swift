internal import Inference

/// How a notation writes the id of a tool call: its own prefix before what the model gave.
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
        // Answers that an older Brume kept or recorded have Converse's prefix in them.
        let prefix = Self.converse.rawValue
        let bare = call.id.hasPrefix(prefix) ? String(call.id.dropFirst(prefix.count)) : call.id
        return self.rawValue + bare
    }
}
