internal import ServiceModel

/// Translates an engine's error answers.
enum EngineRefusal {
    /// The part of an engine's message that is passed on, in bytes.
    static let sentenceBytesMax = 1024

    /// - Parameters:
    ///   - status: the status of the answer, or the code in an error in mid-stream.
    ///   - body: `{"error":{…}}` or its content; nil for a body that is not JSON.
    /// - Returns: the error for the caller.
    static func error(status: Int, _ body: Document?) -> InferenceError {
        let error = body?["error"] ?? body
        let sentence = self.sentence(error)
        if error?["type"]?.text == "exceed_context_size_error" || sentence.contains("exceeds the available context") {
            return .contextExceeded(
                tokens: error?["n_prompt_tokens"]?.integer ?? 0, tokensMax: error?["n_ctx"]?.integer ?? 0)
        }
        // llama.cpp's message for a text to embed that is longer than one of its steps.
        if sentence.contains("is too large to process") {
            let numbers = sentence.split { !$0.isNumber }.compactMap { Int($0) }
            return .contextExceeded(tokens: numbers.first ?? 0, tokensMax: numbers.last ?? 0)
        }
        if let reason = self.templateReason(sentence) {
            return .unsupported("The template of this model does not take the conversation: \(reason)")
        }
        switch status {
        case 400, 413, 422, 501: return .unsupported(sentence)
        // llama.cpp's message for an image sent to a text model.
        case 500 where sentence.contains("image input is not supported"): return .unsupported(sentence)
        case 429: return .busy
        case 503: return .notReady(sentence)
        case 408, 504: return .timedOut(seconds: 0)
        default: return .refused(status: status, sentence: sentence)
        }
    }

    /// The message of a model's template; in llama.cpp's answer it follows the location in the template.
    private static func templateReason(_ sentence: String) -> String? {
        let mark = "Jinja Exception: "
        guard let range = sentence.utf8.firstRange(of: mark.utf8) else { return nil }
        return String(sentence[range.upperBound...].prefix { !$0.isNewline })
    }

    private static func sentence(_ error: Document?) -> String {
        let text = error?["message"]?.text ?? error?.text ?? "The engine gave no reason."
        guard text.utf8.count > self.sentenceBytesMax else { return text }
        return String(decoding: text.utf8.prefix(self.sentenceBytesMax), as: UTF8.self) + "…"
    }
}

extension InferenceError {
    /// The caller's error for a failed connection to an engine.
    init(_ error: EngineClientError) {
        switch error {
        case .unreachable(let reason): self = .unreached(reason)
        case .cutOff: self = .failed("the engine ended in the middle of its answer")
        case .silent(let seconds): self = .timedOut(seconds: seconds)
        case .malformed(let reason): self = .failed("the engine's answer cannot be read: \(reason)")
        case .cancelled: self = .failed("the request was cancelled")
        }
    }
}
