internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel
internal import WireProtocols

/// Parses one content block of a message; `place` is its path, for error messages.
struct ContentReader {
    /// Formats of plain text documents.
    private static let textFormats = ["txt", "md", "html", "csv"]

    let place: String
    /// nil for notations with limits of their own.
    var limits: AttachmentLimits?
    /// The position of the block in the message, from 1.
    var number = 1

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
            guard case .object = call.input else { throw Self.noObject("\(self.place).toolUse.input") }
            return [.toolCall(ToolCall(id: call.toolUseID, name: call.name, arguments: call.input))]
        case .toolResult(let result):
            guard result.status != .error || !result.content.isEmpty else {
                throw .invalid(
                    "The content field at \(self.place).toolResult cannot be empty when status value is error.")
            }
            var content = ToolResultContent(number: self.number, isError: result.status == .error)
            for (index, block) in result.content.enumerated() {
                if case .json(let document) = block {
                    guard case .object = document else {
                        throw Self.noObject("\(self.place).toolResult.content.\(index).json")
                    }
                }
                try self.add(block, to: &content)
            }
            return content.parts(callID: result.toolUseID)
        case .reasoningContent(.reasoningText(let reasoning)): return [.reasoning(reasoning.text)]
        case .cachePoint, .reasoningContent: return []
        case .unknown: throw .invalid("The ContentBlock object at \(self.place) must set one of its members.")
        case .video: throw Self.unsupported("video")
        case .audio: throw Self.unsupported("audio")
        case .guardContent: throw Self.unsupported("guardContent")
        case .citationsContent: throw Self.unsupported("citationsContent")
        case .searchResult: throw Self.unsupported("searchResult")
        case .toolAddition: throw Self.unsupported("toolAddition")
        case .toolRemoval: throw Self.unsupported("toolRemoval")
        }
    }

    /// - Source: the sentence that users report for images and videos, also in results of tools.
    private static func unsupported(_ kind: String) -> ServiceError {
        .invalid(
            "This model doesn't support the \(kind) content block that you provided. Update the content block and try "
                + "again.")
    }

    /// - Source: the sentence that users report.
    static func noObject(_ place: String) -> ServiceError {
        .invalid("The format of the value at \(place) is invalid. Provide a json object for the field and try again.")
    }

    private func image(_ image: ImageBlock) throws(ServiceError) -> ChatRequest.Part {
        guard case .bytes(let bytes) = image.source else {
            throw .invalid("The image at \(self.place) must be given as bytes.")
        }
        let place = "\(ClaudeLimits.conversePrefix)\(self.place).image.source"
        try Documents.check(image: bytes, at: "\(place).bytes")
        try self.limits?.check(image, bytes, at: place)
        return .image(format: image.format.rawValue, bytes: bytes)
    }

    /// - Source: the sentences that users report (boto3#4608, boto3#4648).
    private func text(_ document: DocumentBlock, isResult: Bool = false) throws(ServiceError) -> String {
        guard document.citations?.enabled != true else {
            throw .invalid(
                isResult
                    ? "Citations are not supported in tool result documents." : "This model doesn't support citations.")
        }
        return Documents.rendered(document.name, document.context, try self.content(document))
    }

    private func content(_ document: DocumentBlock) throws(ServiceError) -> String {
        let format = document.format?.rawValue ?? "txt"
        switch document.source {
        case .text(let text): return text
        case .bytes(let bytes) where Self.textFormats.contains(format):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .invalid("The document at \(self.place) is not UTF-8.")
            }
            return text
        case .content(let blocks):
            var texts: [String] = []
            for block in blocks {
                guard case .text(let text) = block else {
                    throw .invalid("The document at \(self.place) has content that this model does not take.")
                }
                texts.append(text)
            }
            return texts.joined(separator: "\n")
        case .bytes, .s3Location, .unknown:
            throw .invalid("The document at \(self.place) is of a format or a source that this model does not take.")
        }
    }

    private func add(_ block: ToolResultContentBlock, to content: inout ToolResultContent) throws(ServiceError) {
        switch block {
        case .text(let text): content.add(text)
        case .json(let document): content.add(document.jsonText)
        case .document(let document): content.add(try self.text(document, isResult: true))
        case .image(let image): content.add(try self.image(image))
        case .video: throw Self.unsupported("video")
        case .searchResult: throw Self.unsupported("searchResult")
        case .unknown: throw .invalid("The toolResult at \(self.place) has content that this model does not take.")
        }
    }
}
