internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// Reads one content block of a message; `place` is where it stands, for messages.
struct ContentReader {
    /// Formats of documents that are text.
    private static let textFormats = ["txt", "md", "html", "csv"]

    let place: String

    func parts(_ block: ContentBlock) throws(ServiceError) -> [ChatRequest.Part] {
        switch block {
        case .text(let text):
            guard text.contains(where: { !$0.isWhitespace }) else {
                throw .invalid(
                    "The text field in the ContentBlock object at \(self.place) is blank. Add text to the text field, "
                        + "and try again."
                )
            }
            return [.text(text)]
        case .image(let image): return [try self.image(image)]
        case .document(let document): return [.text(try self.text(document))]
        case .toolUse(let call):
            return [.toolCall(ToolCall(id: call.toolUseID, name: call.name, arguments: call.input))]
        case .toolResult(let result):
            var texts: [String] = []
            for content in result.content { texts.append(try self.text(content)) }
            return [.toolResult(callID: result.toolUseID, text: texts.joined(separator: "\n"))]
        case .reasoningContent(.reasoningText(let reasoning)): return [.reasoning(reasoning.text)]
        case .cachePoint, .reasoningContent: return []
        case .unknown: throw .invalid("The ContentBlock object at \(self.place) must set one of its members.")
        case .video, .audio, .guardContent, .citationsContent, .searchResult, .toolAddition, .toolRemoval:
            throw .invalid("The ContentBlock object at \(self.place) is of a kind that this model does not take.")
        }
    }

    private func image(_ image: ImageBlock) throws(ServiceError) -> ChatRequest.Part {
        guard case .bytes(let bytes) = image.source else {
            throw .invalid("The image at \(self.place) must be given as bytes.")
        }
        try Documents.check(
            image: bytes, at: "The model returned the following errors: \(self.place).image.source.bytes")
        return .image(format: image.format.rawValue, bytes: bytes)
    }

    private func text(_ document: DocumentBlock) throws(ServiceError) -> String {
        let format = document.format?.rawValue ?? "txt"
        switch document.source {
        case .text(let text): return "\(document.name)\n\(text)"
        case .bytes(let bytes) where Self.textFormats.contains(format):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .invalid("The document at \(self.place) is not UTF-8.")
            }
            return "\(document.name)\n\(text)"
        case .content(let blocks):
            let texts = blocks.map { if case .text(let text) = $0 { text } else { "" } }
            return "\(document.name)\n\(texts.joined(separator: "\n"))"
        case .bytes, .s3Location, .unknown:
            throw .invalid("The document at \(self.place) is of a format or a source that this model does not take.")
        }
    }

    private func text(_ content: ToolResultContentBlock) throws(ServiceError) -> String {
        switch content {
        case .text(let text): return text
        case .json(let document): return document.jsonText
        case .document(let document): return try self.text(document)
        case .image, .video, .searchResult, .unknown:
            throw .invalid("The toolResult at \(self.place) has content that this model does not take.")
        }
    }
}
