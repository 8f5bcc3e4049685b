internal import Inference
internal import Primitives
internal import ServiceModel

/// The content of a message in OpenAI's notation: a text, or a list of parts.
enum OpenAIContent {
    /// The whole text, including refusals.
    static func text(_ content: Document?) -> String {
        content?.text
            ?? (content?.elements ?? []).compactMap { $0["text"]?.text ?? $0["refusal"]?.text }.joined(separator: "\n")
    }

    /// The notations, which differ in their kinds of parts.
    enum Notation {
        case chat
        case responses
        /// Earlier output of a model, as an item of the Responses API.
        case answer

        /// In the order of OpenAI's sentence about unknown kinds.
        fileprivate var kinds: [String] {
            switch self {
            case .chat: ["text", "image_url", "input_audio", "refusal", "audio", "file"]
            case .responses:
                [
                    "input_text", "input_image", "input_audio", "output_text", "refusal", "input_file",
                    "computer_screenshot", "summary_text", "encrypted_content",
                ]
            case .answer: ["output_text", "refusal"]
            }
        }
    }

    /// Refuses images in messages of other roles than the user.
    /// - Source: the sentence that users report.
    static func check(speakerOf message: Document, at index: Int) throws(ServiceError) {
        guard let role = message["role"]?.text, role != "user",
            (message["content"]?.elements ?? []).contains(where: { $0["type"] == .string("image_url") })
        else { return }
        throw OpenAIRules.fault(
            "Invalid 'messages[\(index)]'. Image URLs are only allowed for messages with role 'user', but this message "
                + "with role '\(role)' contains an image URL.", "messages[\(index)]", "invalid_value")
    }

    /// The parts of a message; `place` is its path, for error messages.
    static func parts(
        _ content: Document?, _ notation: Notation, at place: String
    ) throws(ServiceError) -> [ChatRequest.Part] {
        if let text = content?.text { return [.text(text)] }
        var parts: [ChatRequest.Part] = []
        for (index, part) in (content?.elements ?? []).enumerated() {
            let place = "\(place)[\(index)]"
            guard let type = part["type"]?.text else { throw OpenAIRules.missing("\(place).type") }
            guard notation.kinds.contains(type) else { throw self.unknown(type, notation, at: place) }
            switch type {
            case "text", "input_text", "output_text": parts.append(.text(try self.text("text", of: part, at: place)))
            case "refusal": parts.append(.text(try self.text("refusal", of: part, at: place)))
            case "image_url" where part["image_url"].map({ $0 == .null }) ?? true:
                throw OpenAIRules.missing("\(place).image_url")
            case "image_url", "input_image":
                let url = part["image_url"]?.text ?? part["image_url"]?["url"]?.text ?? ""
                parts.append(try self.image(url, at: place))
            default:
                throw OpenAIRules.fault(
                    "\(type) is not supported by this version of Brume.", "\(place).type", nil)
            }
        }
        return parts
    }

    private static func text(
        _ name: String, of part: Document, at place: String
    ) throws(ServiceError) -> String {
        guard let text = part[name]?.text else { throw OpenAIRules.missing("\(place).\(name)") }
        return text
    }

    /// - Source: the sentence that users report; for each notation the kinds that they list (jeremychone/rust-genai#119
    ///   for output of a model).
    private static func unknown(_ type: String, _ notation: Notation, at place: String) -> ServiceError {
        let kinds = notation.kinds.map { "'\($0)'" }
        return OpenAIRules.fault(
            "Invalid value: '\(type)'. Supported values are: \(kinds.dropLast().joined(separator: ", "))"
                + "\(kinds.count > 2 ? "," : "") and \(kinds.last ?? "").",
            notation == .answer ? place : "\(place).type", "invalid_value")
    }

    /// The formats that OpenAI's models accept.
    private static let imageFormats: Set<String> = ["png", "jpeg", "jpg", "gif", "webp"]

    /// `data:image/png;base64,…`; other URLs are not fetched.
    private static func image(_ url: String, at place: String) throws(ServiceError) -> ChatRequest.Part {
        let prefix = "data:image/"
        let mark = ";base64,"
        guard url.hasPrefix(prefix), let range = url.utf8.firstRange(of: mark.utf8),
            let bytes = Base64.decode(url.utf8[range.upperBound...])
        else {
            throw OpenAIRules.fault(
                "The image at '\(place)' must be a data URL with base64: other URLs are not fetched.", place, nil)
        }
        let format = String(url[..<range.lowerBound].dropFirst(prefix.utf8.count))
        guard self.imageFormats.contains(format) else {
            throw OpenAIRules.fault(
                "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
                    + "['png', 'jpeg', 'gif', 'webp'].", "", "invalid_image_format")
        }
        return .image(format: format, bytes: bytes)
    }
}
