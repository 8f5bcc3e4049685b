internal import Inference
internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// Parses the blocks of a message in Anthropic's notation; PDFs were converted before (`NativePDFs`).
/// - Source: Anthropic API reference, "Messages"; the sentences are those that users of the API report.
struct AnthropicContent {
    private static let imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    /// The path of the block, such as `messages.0.content.1`.
    private let place: String
    /// The position of the block in the message, from 1.
    private let number: Int

    private init(_ index: Int, _ position: Int) {
        self.place = "messages.\(index).content.\(position)"
        self.number = position + 1
    }

    /// Whether a block ends with a cache point.
    static func isKept(_ block: Document) -> Bool { block["cache_control"]?["type"]?.text == "ephemeral" }

    /// Whether its TTL is one hour; the default is five minutes.
    static func isCachedForAnHour(_ block: Document?) -> Bool { block?["cache_control"]?["ttl"]?.text == "1h" }

    /// - Returns: the parts of a message, the number of parts up to its last cache point, and the block that ends with
    ///   it.
    static func parts(
        _ content: Document?, at index: Int
    ) throws(ServiceError) -> (parts: [ChatRequest.Part], kept: (count: Int, block: Document)?) {
        if let text = content?.text { return ([.text(text)], nil) }
        var parts: [ChatRequest.Part] = []
        var kept: (count: Int, block: Document)?
        for (position, block) in (content?.elements ?? []).enumerated() {
            parts += try AnthropicContent(index, position).parts(block)
            if Self.isKept(block) { kept = (parts.count, block) }
        }
        return (parts, kept)
    }

    /// The valid kinds of blocks in a message.
    private static let kinds = [
        "document", "image", "redacted_thinking", "text", "thinking", "tool_result", "tool_use",
    ]

    /// Refuses unknown kinds of blocks before their members are checked, which may have the names of other kinds'.
    static func check(kindsOf body: Document) throws(ServiceError) {
        for (index, message) in (body["messages"]?.elements ?? []).enumerated() {
            for (position, block) in (message["content"]?.elements ?? []).enumerated() {
                guard let kind = block["type"]?.text, !self.kinds.contains(kind) else { continue }
                let place = AnthropicContent(index, position)
                throw place.unknown(block, place.place, self.kinds)
            }
        }
    }

    /// The required members of each kind of block.
    private static let required: [String: [String]] = [
        "text": ["text"], "tool_use": ["id", "name", "input"], "tool_result": ["tool_use_id"],
        "thinking": ["signature", "thinking"], "image": ["source"], "document": ["source"],
    ]

    private func parts(_ block: Document) throws(ServiceError) -> [ChatRequest.Part] {
        let type = block["type"]?.text ?? ""
        for name in Self.required[type] ?? [] where block[name].map({ $0 == .null }) ?? true {
            throw .invalid("\(self.place).\(type).\(name): Field required")
        }
        switch block["type"]?.text {
        case "text": return [.text(block["text"]?.text ?? "")]
        case "tool_use":
            try AnthropicCalls.check(id: block["id"], at: "\(self.place).tool_use.id")
            try AnthropicCalls.check(name: block["name"], at: "\(self.place).tool_use.name")
            let call = ToolCall(
                id: block["id"]?.text ?? "", name: block["name"]?.text ?? "", arguments: block["input"] ?? .object([]))
            return [.toolCall(call)]
        case "tool_result":
            try AnthropicCalls.check(id: block["tool_use_id"], at: "\(self.place).tool_result.tool_use_id")
            return try self.result(block)
        case "thinking": return [.reasoning(block["thinking"]?.text ?? "")]
        // Only the provider's own models can read these; local models do not produce them.
        case "redacted_thinking": return []
        case "image": return [try self.image(block, self.place)]
        case "document": return try self.document(block, self.place)
        default: throw self.unknown(block, self.place, Self.kinds)
        }
    }

    private func result(_ block: Document) throws(ServiceError) -> [ChatRequest.Part] {
        var content = ToolResultContent(number: self.number, isError: block["is_error"] == .boolean(true))
        if let text = block["content"]?.text { content.add(text) }
        for (index, inner) in (block["content"]?.elements ?? []).enumerated() {
            let place = "\(self.place).tool_result.content.\(index)"
            switch inner["type"]?.text {
            case "text": content.add(inner["text"]?.text ?? "")
            case "image": content.add(try self.image(inner, place))
            case "document":
                for part in try self.document(inner, place) {
                    if case .text(let text) = part { content.add(text) } else { content.add(part) }
                }
            default: throw self.unknown(inner, place, ["document", "image", "text"])
            }
        }
        return content.parts(callID: block["tool_use_id"]?.text ?? "")
    }

    private func image(_ block: Document, _ place: String) throws(ServiceError) -> ChatRequest.Part {
        let source = block["source"]
        guard source?["type"]?.text == "base64" else {
            throw self.unknown(source ?? .null, "\(place).image.source", ["base64"])
        }
        let place = "\(place).image.source.base64"
        let type = source?["media_type"]?.text ?? ""
        guard Self.imageTypes.contains(type) else {
            throw .invalid(
                "\(place).media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'")
        }
        guard let text = source?["data"]?.text, let bytes = Base64.decode(text.utf8) else {
            throw .invalid("\(place).data: invalid data")
        }
        try Documents.check(image: bytes, at: place)
        try AttachmentLimits.check(image: bytes, at: "\(place).data")
        let name = String(type.dropFirst("image/".utf8.count))
        try ImageKind.check(bytes, isCalled: name, at: place)
        return .image(format: name, bytes: bytes)
    }

    /// A document for the model: its title, its context, and its text; with its images, if it has any.
    private func document(_ block: Document, _ place: String) throws(ServiceError) -> [ChatRequest.Part] {
        guard block["citations"]?["enabled"] != .boolean(true) else {
            throw .invalid("\(place).document.citations: this model does not support citations")
        }
        let (title, context) = (block["title"]?.text, block["context"]?.text)
        let source = block["source"]
        let place = "\(place).document.source"
        switch source?["type"]?.text {
        case "text":
            guard source?["media_type"]?.text == "text/plain" else {
                throw .invalid("\(place).text.media_type: Input should be 'text/plain'")
            }
            return [.text(Documents.rendered(title, context, source?["data"]?.text ?? ""))]
        case "base64":
            guard source?["media_type"]?.text == "application/pdf" else {
                throw .invalid("\(place).base64.media_type: Input should be 'application/pdf'")
            }
            throw .invalid("\(place).base64.data: invalid data")
        case "content":
            if let text = source?["content"]?.text { return [.text(Documents.rendered(title, context, text))] }
            return try self.content(source?["content"]?.elements ?? [], title, context, place)
        default: throw self.unknown(source ?? .null, place, ["base64", "content", "text"])
        }
    }

    private func content(
        _ blocks: [Document], _ title: String?, _ context: String?, _ place: String
    ) throws(ServiceError) -> [ChatRequest.Part] {
        var texts: [String] = []
        var images: [ChatRequest.Part] = []
        for (index, block) in blocks.enumerated() {
            let place = "\(place).content.content.\(index)"
            switch block["type"]?.text {
            case "text": texts.append(block["text"]?.text ?? "")
            case "image": images.append(try self.image(block, place))
            default: throw self.unknown(block, place, ["image", "text"])
            }
        }
        return [.text(Documents.rendered(title, context, texts.joined(separator: "\n")))] + images
    }

    private func unknown(_ block: Document, _ place: String, _ tags: [String]) -> ServiceError {
        guard let tag = block["type"]?.text else { return .invalid("\(place).type: Field required") }
        let expected = tags.map { "'\($0)'" }.joined(separator: ", ")
        return .invalid(
            "\(place): Input tag '\(tag)' found using 'type' does not match any of the expected tags: \(expected)")
    }
}
