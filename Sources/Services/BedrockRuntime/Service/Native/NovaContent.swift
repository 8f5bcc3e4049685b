internal import BedrockRuntimeModel
internal import Inference
internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// Parses the blocks of a message in Nova's notation, which is Converse's with bytes as base64; PDFs were converted
/// before (`NativePDFs`).
struct NovaContent {
    private let place: String
    /// The position of the block in the message, from 1.
    private let number: Int

    init(_ index: Int, _ position: Int) {
        self.place = "messages.\(index).content.\(position)"
        self.number = position + 1
    }

    func parts(_ block: Document) throws(ServiceError) -> [ChatRequest.Part] {
        if let text = block["text"]?.text { return [.text(text)] }
        if let image = block["image"] { return [try self.image(image)] }
        if let document = block["document"] { return try self.document(document) }
        if let use = block["toolUse"] {
            let call = ToolCall(
                id: use["toolUseId"]?.text ?? "", name: use["name"]?.text ?? "",
                arguments: use["input"] ?? .object([]))
            return [.toolCall(call)]
        }
        if let result = block["toolResult"] { return try self.result(result) }
        if let thought = block["reasoningContent"] {
            return (thought["reasoningText"]?["text"]?.text).map { [.reasoning($0)] } ?? []
        }
        if block["cachePoint"] != nil { return [] }
        throw Self.unknown
    }

    private func image(_ image: Document) throws(ServiceError) -> ChatRequest.Part {
        guard let text = image["source"]?["bytes"]?.text, let bytes = Base64.decode(text.utf8) else {
            throw .invalid("Malformed input request: the image must be given as bytes in base64.")
        }
        return .image(format: image["format"]?.text ?? "", bytes: bytes)
    }

    private func document(_ document: Document) throws(ServiceError) -> [ChatRequest.Part] {
        var block = DocumentBlock(
            format: document["format"]?.text.flatMap(DocumentFormat.init(rawValue:)),
            name: document["name"]?.text ?? "", source: .text(""))
        if let text = document["source"]?["text"]?.text {
            block.source = .text(text)
        } else {
            guard let text = document["source"]?["bytes"]?.text, let bytes = Base64.decode(text.utf8) else {
                throw .invalid("Malformed input request: the document must be given as bytes in base64.")
            }
            block.source = .bytes(bytes)
        }
        return try ContentReader(place: self.place, number: self.number).parts(.document(block))
    }

    private func result(_ result: Document) throws(ServiceError) -> [ChatRequest.Part] {
        var content = ToolResultContent(number: self.number, isError: result["status"]?.text == "error")
        for block in result["content"]?.elements ?? [] {
            if let text = block["text"]?.text {
                content.add(text)
            } else if let json = block["json"] {
                content.add(json.jsonText)
            } else if let image = block["image"] {
                content.add(try self.image(image))
            } else if let document = block["document"] {
                for case .text(let text) in try self.document(document) { content.add(text) }
            } else {
                throw Self.unknown
            }
        }
        return content.parts(callID: result["toolUseId"]?.text ?? "")
    }

    private static let unknown = ServiceError.invalid(
        "Malformed input request: a content block is of a kind that this model does not take.")
}
