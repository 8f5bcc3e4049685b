internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

/// The checks of Converse on documents and images.
/// - Source: Amazon Bedrock API reference, DocumentBlock and Message; the sentences are those that SDK users report.
enum Documents {
    /// The largest image, as base64: 3.75 MiB of bytes.
    private static let imageTextMax = 5_242_880

    static func check(_ messages: [Message], _ limits: AttachmentLimits) throws(ServiceError) {
        var names: Set<String> = []
        for message in messages {
            var hasText = false
            var hasDocument = false
            for block in message.content {
                if case .text = block { hasText = true }
                if case .toolResult(let result) = block {
                    for case .document(let document) in result.content {
                        try self.check(name: document.name)
                        try limits.check(document)
                    }
                }
                guard case .document(let document) = block else { continue }
                hasDocument = true
                try self.check(name: document.name)
                try limits.check(document)
                guard names.insert(document.name).inserted else {
                    throw .invalid("Messages can't contain duplicate document names.")
                }
            }
            guard hasText || !hasDocument else {
                throw .invalid(
                    "A text block must be included when using documents. Add a text block and retry your request.")
            }
        }
        guard names.count <= AttachmentLimits.documentCountMax else {
            throw .invalid("You can't include more than \(AttachmentLimits.documentCountMax) documents in a request.")
        }
    }

    private static func check(name: String) throws(ServiceError) {
        guard self.isName(name) else {
            throw .invalid(
                "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, "
                    + "parentheses, and square brackets. The name can't contain more than one consecutive whitespace "
                    + "character. Check that the file name conforms to these restrictions and retry your request.")
        }
    }

    /// Underscores are accepted, though the sentence does not list them; consecutive spaces are not.
    private static func isName(_ name: String) -> Bool {
        var wasBlank = false
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: " "):
                if wasBlank { return false }
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "("),
                UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"):
                break
            default: return false
            }
            wasBlank = byte == UInt8(ascii: " ")
        }
        return true
    }

    /// Refuses an image that is larger than Bedrock accepts.
    static func check(image bytes: [UInt8], at place: String) throws(ServiceError) {
        let length = (bytes.count + 2) / 3 * 4
        guard length <= self.imageTextMax else {
            throw .invalid(
                "\(place): image exceeds 5 MB maximum: \(length) bytes > \(self.imageTextMax) bytes")
        }
    }

    /// The text of a document for a model: its name, its context, and its content.
    static func rendered(_ name: String?, _ context: String?, _ text: String) -> String {
        [name, context, text].compactMap { $0 }.joined(separator: "\n")
    }

    /// The messages with all PDFs replaced by their text, including those in results of tools; makes the checks first.
    static func read(_ messages: [Message], _ limits: AttachmentLimits) async throws(ServiceError) -> [Message] {
        try self.check(messages, limits)
        var read = messages
        for (index, message) in messages.enumerated() {
            for (position, block) in message.content.enumerated() {
                let place = "messages.\(index).content.\(position)"
                switch block {
                case .document(let document):
                    read[index].content[position] = .document(try await self.read(document, at: place))
                case .toolResult(var result):
                    for (number, content) in result.content.enumerated() {
                        guard case .document(let document) = content else { continue }
                        let place = "\(place).toolResult.content.\(number)"
                        result.content[number] = .document(try await self.read(document, at: place))
                    }
                    read[index].content[position] = .toolResult(result)
                default: break
                }
            }
        }
        return read
    }

    private static func read(_ document: DocumentBlock, at place: String) async throws(ServiceError) -> DocumentBlock {
        guard document.format == .pdf, case .bytes(let bytes) = document.source else { return document }
        var read = document
        let fault = "The model returned the following errors: \(place)"
        read.source = .text(try await self.text(of: bytes, at: place, fault: fault))
        return read
    }

    /// - Parameters:
    ///   - pdf: the bytes of a document.
    ///   - place: its path, for the sentence of an error.
    ///   - fault: the beginning of the sentence about an unreadable PDF; nil means the path.
    /// - Returns: its text.
    /// - Throws: when the PDF cannot be read.
    static func text(
        of pdf: [UInt8], at place: String, fault: String? = nil
    ) async throws(ServiceError) -> String {
        do throws(PDFText.Failure) {
            return try await PDFText.text(of: pdf)
        } catch {
            switch error {
            case .busy: throw ServiceError(InferenceError.busy)
            case .noProgram:
                throw .invalid(
                    "The document at \(place) is a PDF, which this machine cannot read: pdftotext is not installed. "
                        + "Install poppler-utils, or send the text.")
            case .unreadable:
                throw .invalid(
                    "\(fault ?? place).pdf.source.base64.data: The PDF specified was not valid.")
            }
        }
    }
}
