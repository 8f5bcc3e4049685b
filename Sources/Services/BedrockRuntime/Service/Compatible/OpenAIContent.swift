internal import Inference
internal import Primitives
internal import ServiceModel

/// The content of a message in OpenAI's notation: a text, or parts.
enum OpenAIContent {
    /// All text together.
    static func text(_ content: Document?) -> String {
        content?.text ?? (content?.elements ?? []).compactMap { $0["text"]?.text }.joined(separator: "\n")
    }

    /// A choice needs tools, and the one that it names.
    static func checkChoice(_ body: Document, _ request: ChatRequest) throws(ServiceError) {
        guard body["tool_choice"].map({ $0 != .null && $0 != .string("none") }) ?? false else { return }
        guard !request.tools.isEmpty else {
            throw .invalid("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
        }
        if let name = request.missingTool { throw .invalid("Tool choice '\(name)' not found in 'tools' parameter.") }
    }

    /// The parts of a message; `place` is where they stand, for the sentences of refusals.
    static func parts(_ content: Document?, at place: String) throws(ServiceError) -> [ChatRequest.Part] {
        if let text = content?.text { return [.text(text)] }
        var parts: [ChatRequest.Part] = []
        for (index, part) in (content?.elements ?? []).enumerated() {
            switch part["type"]?.text {
            case "text", "input_text", "output_text": parts.append(.text(part["text"]?.text ?? ""))
            case "refusal": parts.append(.text(part["refusal"]?.text ?? ""))
            case "image_url", "input_image":
                let url = part["image_url"]?.text ?? part["image_url"]?["url"]?.text ?? ""
                parts.append(try self.image(url, at: "\(place)[\(index)]"))
            case let type:
                throw .invalid("Invalid value: '\(type ?? "")' at '\(place)[\(index)].type' is not supported.")
            }
        }
        return parts
    }

    /// `data:image/png;base64,…`; nothing is fetched from elsewhere.
    private static func image(_ url: String, at place: String) throws(ServiceError) -> ChatRequest.Part {
        let prefix = "data:image/"
        let mark = ";base64,"
        guard url.hasPrefix(prefix), let range = url.utf8.firstRange(of: mark.utf8),
            let bytes = Base64.decode(url.utf8[range.upperBound...])
        else {
            throw .invalid("The image at '\(place)' must be a data URL with base64: other URLs are not fetched.")
        }
        return .image(format: String(url[..<range.lowerBound].dropFirst(prefix.utf8.count)), bytes: bytes)
    }
}
