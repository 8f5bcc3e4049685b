internal import ServiceModel

/// Translates an engine's error answers.
enum EngineRefusal {
    /// The part of an engine's message that is passed on, in bytes.
    static let sentenceBytesMax = 1024

    /// - Parameters:
    ///   - status: of the answer, or the code in the error where it comes in mid-stream.
    ///   - body: `{"error":{…}}` or what is in it; nil for what is no JSON.
    ///   - text: the answer as it came, for what is no JSON.
    /// - Returns: what it means to the one who asked.
    static func error(status: Int, _ body: Document?, text: [UInt8] = []) -> InferenceError {
        let error = body?["error"] ?? body
        let sentence = self.sentence(error, text) ?? self.sentence(status: status)
        if error?["type"]?.text == "exceed_context_size_error" || sentence.contains("exceeds the available context") {
            return .contextExceeded(
                tokens: error?["n_prompt_tokens"]?.integer ?? 0, tokensMax: error?["n_ctx"]?.integer ?? 0)
        }
        if self.saysTooLong(error, sentence) {
            let numbers = sentence.split { !$0.isNumber }.compactMap { Int($0) }
            return .contextExceeded(tokens: numbers.max() ?? 0, tokensMax: numbers.filter { $0 > 0 }.min() ?? 0)
        }
        // llama.cpp says so of a text to embed that is longer than one of its steps.
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
        case 408, 504: return .timedOut(seconds: nil)
        default: return .refused(status: status, sentence: sentence)
        }
    }

    /// The message of a model's template; in llama.cpp's answer it follows the location in the template.
    private static func templateReason(_ sentence: String) -> String? {
        let mark = "Jinja Exception: "
        guard let range = sentence.utf8.firstRange(of: mark.utf8) else { return nil }
        return String(sentence[range.upperBound...].prefix { !$0.isNewline })
    }

    /// An error in mid-stream, whose code stands in it as a number or as a text.
    static func error(event error: Document) -> InferenceError {
        let code = error["code"]?.integer ?? error["code"]?.text.flatMap { Int($0) }
        return self.error(status: code ?? 500, error)
    }

    /// Whether a server says of the prompt by itself that it is too long. Where the answer's length is part of the sum,
    /// the server's own sentence tells more.
    /// - Source: OpenAI API reference, "Error codes"; vLLM's `serving_engine.py`; SGLang's `tokenizer_manager.py`.
    private static func saysTooLong(_ error: Document?, _ sentence: String) -> Bool {
        let isContext =
            error?["code"]?.text == "context_length_exceeded" || sentence.contains("maximum context length")
            || sentence.contains("model's context length")
        let countsAnswer = ["completion", "max_tokens", "output tokens"].contains { sentence.contains($0) }
        return isContext && !countsAnswer
    }

    private static func sentence(_ error: Document?, _ body: [UInt8]) -> String? {
        let text = error?["message"]?.text ?? error?.text ?? self.detail(error) ?? self.plain(error, body)
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.count > self.sentenceBytesMax else { return text }
        return String(decoding: text.utf8.prefix(self.sentenceBytesMax), as: UTF8.self) + "…"
    }

    /// What servers that are made with FastAPI say: a text, or what is wrong with each member.
    private static func detail(_ error: Document?) -> String? {
        guard let detail = error?["detail"] else { return nil }
        if let text = detail.text { return text }
        let faults = detail.elements.compactMap { fault -> String? in
            guard let reason = fault["msg"]?.text else { return nil }
            let place = fault["loc"]?.elements.compactMap { $0.text ?? $0.integer.map { "\($0)" } } ?? []
            return place.isEmpty ? reason : "\(place.joined(separator: ".")): \(reason)"
        }
        return faults.isEmpty ? nil : faults.joined(separator: "; ")
    }

    /// An answer in plain words; a page of a proxy's says nothing that one could read.
    private static func plain(_ error: Document?, _ body: [UInt8]) -> String? {
        guard error == nil, let text = String(validating: body, as: UTF8.self) else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.hasPrefix("<") ? nil : words
    }

    private static func sentence(status: Int) -> String {
        switch status {
        case 300..<400: "The server of this model redirects, and redirections are not followed."
        case 503: "The server of this model is not ready."
        default: "The engine gave no reason."
        }
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
