internal import ServiceModel

/// The `cache_control` of a whole body of Claude's: it marks the last block that can be cached.
/// - Source: Anthropic API reference, "Create a Message", and Anthropic's guide "Prompt caching", "Automatic caching":
///   thoughts and empty texts have no mark, and a mark with another TTL on the same block is an error.
enum AutomaticCaching {
    private static let unmarked: Set<String> = ["thinking", "redacted_thinking"]

    /// The body with the mark on that block; unchanged without `cache_control`.
    static func marked(_ body: Document) throws(ServiceError) -> Document {
        guard let control = body["cache_control"], control != .null, case .object(var members) = body,
            let index = members.firstIndex(where: { $0.name == "messages" })
        else { return body }
        var messages = members[index].value.elements
        for place in messages.indices.reversed() {
            guard let message = try self.marked(messages[place], control) else { continue }
            messages[place] = message
            members[index].value = .array(messages)
            return .object(members)
        }
        return body
    }

    /// The message with the mark on its last block that can be cached; nil if it has no such block.
    private static func marked(_ message: Document, _ control: Document) throws(ServiceError) -> Document? {
        guard case .object(var members) = message, let index = members.firstIndex(where: { $0.name == "content" })
        else { return nil }
        let content = members[index].value
        var blocks = content.elements
        if let text = content.text { blocks = [.object(["type": .string("text"), "text": .string(text)])] }
        guard let place = blocks.lastIndex(where: self.isCacheable) else { return nil }
        let block = blocks[place]
        if AnthropicContent.isKept(block) {
            guard AnthropicContent.isCachedForAnHour(block) == (control["ttl"]?.text == "1h") else {
                throw .invalid("cache_control: the last block has a cache_control with a different ttl")
            }
            return message
        }
        let others = block.members.filter { $0.name != "cache_control" }
        blocks[place] = .object(others + [Document.Member("cache_control", control)])
        members[index].value = .array(blocks)
        return .object(members)
    }

    private static func isCacheable(_ block: Document) -> Bool {
        let type = block["type"]?.text ?? ""
        return !self.unmarked.contains(type) && !(type == "text" && block["text"]?.text?.isEmpty ?? true)
    }
}
