internal import ServiceModel
internal import WireProtocols

extension LlamaServerModel {
    /// The number of tokens of the prompt that the engine would compute, counted by the engine's own tokenizer.
    package func countTokens(_ request: ChatRequest) async throws -> Int {
        if request.isRawPrompt { return try await self.tokenCount(of: request.rawPrompt) }
        if !request.images.isEmpty { return try await self.tokensWithImages(request, isAnswerBegun: true) }
        return try await self.tokenCount(of: try await self.prompt(request, isAnswerBegun: true))
    }

    /// The number of tokens up to the request's cache point; nil without one.
    func cachePointTokens(_ request: ChatRequest) async throws -> Int? {
        guard let point = request.cachePoint else { return nil }
        guard self.capabilities.hasTokenizer, self.capabilities.hasTemplates else {
            throw InferenceError.unsupported("The server of this model cannot count the tokens up to a cache point.")
        }
        let (shorter, longer) = Self.conversations(around: point, in: request)
        let prompts = (
            try await self.prompt(shorter, isAnswerBegun: false), try await self.prompt(longer, isAnswerBegun: true)
        )
        // The common prefix: a template may close the last message, or reorder parts.
        var common = String.UnicodeScalarView()
        for (scalar, other) in zip(prompts.0.unicodeScalars, prompts.1.unicodeScalars) {
            guard scalar == other else { break }
            common.append(scalar)
        }
        let count = try await self.tokenCount(of: String(common))
        guard !shorter.images.isEmpty else { return count }
        // The tokens of the common prefix including images: all but the text that closes the shorter conversation.
        let rest = try await self.tokenCount(of: prompts.0) - count
        return max(0, try await self.tokensWithImages(shorter, isAnswerBegun: false) - rest)
    }

    /// Two conversations with the same content up to a cache point.
    private static func conversations(
        around point: ChatRequest.CachePoint, in request: ChatRequest
    ) -> (ChatRequest, ChatRequest) {
        var shorter = request
        guard let message = point.message, message < request.messages.count else {
            // Templates require a message: the common prefix of two different ones is the system prompt and the tools.
            var longer = request
            shorter.messages = [.init(role: .user, parts: [.text("a")])]
            longer.messages = [.init(role: .user, parts: [.text("b")])]
            return (shorter, longer)
        }
        shorter.messages = Array(request.messages[...message])
        shorter.messages[message].parts = Array(request.messages[message].parts.prefix(point.partCount))
        if shorter.messages[message].parts.isEmpty { shorter.messages.removeLast() }
        if shorter.messages.isEmpty { shorter.messages = [.init(role: .user, parts: [.text("")])] }
        return (shorter, request)
    }

    /// Renders a conversation with the model's own template.
    /// - Parameters:
    ///   - request: the conversation.
    ///   - isAnswerBegun: whether the prompt ends with the marker after which the model answers.
    /// - Returns: the complete prompt.
    /// - Throws: `unsupported` when the server does not expose its template.
    func prompt(_ request: ChatRequest, isAnswerBegun: Bool) async throws(InferenceError) -> String {
        guard self.capabilities.hasTemplates else {
            throw InferenceError.unsupported("The server of this model does not tell its template.")
        }
        let answer = try await self.inAcceptedTurns(request) { (request) async throws(InferenceError) in
            let members = ChatBody.prompt(request, isOwnEngine: true, isAnswerBegun: isAnswerBegun)
            return try await self.asking("/apply-template", .object(members))
        }
        guard let prompt = answer["prompt"]?.text else {
            throw InferenceError.failed("the engine's template gave no prompt")
        }
        return prompt
    }

    /// Sends a conversation as it is and, if the template refuses it, in turns that every template accepts.
    func inAcceptedTurns<Answer>(
        _ request: ChatRequest, _ ask: (ChatRequest) async throws(InferenceError) -> Answer
    ) async throws(InferenceError) -> Answer {
        do throws(InferenceError) {
            return try await ask(request)
        } catch {
            guard case .unsupported = error, let plain = request.inPlainTurns else { throw error }
            do throws(InferenceError) {
                return try await ask(plain)
            } catch InferenceError.unsupported {
                // The error of the original conversation is more helpful.
                throw error
            }
        }
    }

    private func tokenCount(of text: String) async throws -> Int { try await self.tokens(of: text).count }

    /// As many tokens as an answer has room for, since each takes at least two bytes: a text that is too long for every
    /// model is to be told so.
    private static let tokenizedValueCountMax = EngineClient.answerBytesMax / 2

    /// Tokenises a text.
    /// - Parameters:
    ///   - text: the text; names of special tokens in it are parsed as such.
    ///   - addsMarks: whether to add the special tokens that the model requires around each text.
    /// - Returns: the token ids, in order.
    /// - Throws: when the engine does not answer.
    func tokens(of text: String, addsMarks: Bool = true) async throws(InferenceError) -> [Int] {
        guard self.capabilities.hasTokenizer else {
            throw .unsupported("The server of this model does not count tokens.")
        }
        let question = Document.object([
            // llama.cpp's member, and that of other servers.
            "model": .string(self.name), "content": .string(text), "prompt": .string(text),
            "add_special": .boolean(addsMarks), "parse_special": .boolean(true),
        ])
        let answer = try await self.asking("/tokenize", question, valueCountMax: Self.tokenizedValueCountMax)
        guard let tokens = answer["tokens"], case .array(let elements) = tokens else {
            throw .failed("the engine's tokenizer gave no tokens")
        }
        return elements.map { $0.integer ?? 0 }
    }

    /// Detokenises tokens.
    func text(of tokens: [Int]) async throws(InferenceError) -> String {
        let question = Document.object(["tokens": .array(tokens.map { .number($0) })])
        guard let text = try await self.asking("/detokenize", question)["content"]?.text else {
            throw .failed("the engine's tokenizer gave no text")
        }
        return text
    }

    func asking(
        _ path: String, _ body: Document, valueCountMax: Int = JSONReader.documentValueCountMax
    ) async throws(InferenceError) -> Document {
        let answer = try await self.post(path, body)
        defer { answer.close() }
        do throws(EngineClientError) {
            let bytes = try await answer.gather(bytesMax: EngineClient.answerBytesMax)
            guard let document = Document(json: bytes, valueCountMax: valueCountMax) else {
                throw EngineClientError.malformed("it is no JSON")
            }
            return document
        } catch {
            throw InferenceError(error)
        }
    }

    /// Sends a request and returns its answer, whose status is 200, before the body.
    func post(_ path: String, _ body: Document) async throws(InferenceError) -> EngineAnswer {
        let answer: EngineAnswer
        let text: [UInt8]
        do throws(EngineClientError) {
            answer = try await self.client.send("POST", path, body: body.json)
            if answer.status == 200 { return answer }
            defer { answer.close() }
            text = try await answer.gather(bytesMax: EngineClient.refusalBytesMax)
        } catch {
            throw InferenceError(error)
        }
        throw EngineRefusal.error(status: answer.status, Document(json: text), text: text)
    }
}
