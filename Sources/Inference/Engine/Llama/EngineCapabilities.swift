internal import ServiceModel
internal import WireProtocols

/// A server's capabilities, queried once; unsupported requests are refused, and missing numbers are never estimated.
package struct EngineCapabilities: Sendable, Equatable {
    /// Whether it is llama.cpp's own server, or supports its whole API.
    package var isLlamaServer = false
    /// `/apply-template`: renders a conversation as a prompt.
    package var hasTemplates = false
    /// `/tokenize`: exact token counts.
    package var hasTokenizer = false
    /// `/completion` with our own grammars.
    package var hasGrammars = false
    /// Whether the model accepts images.
    package var takesImages = false
    /// The context of one request including its answer, in tokens; nil if unknown.
    package var contextTokensMax: Int?
    /// The maximum number of prompt bytes, not counting white space, that one token represents; nil if unknown.
    package var tokenInkBytesMax: Int?
    /// The build that it reports; nil without a report.
    package var build: String?

    package init() {}

    /// Queries a server's capabilities.
    /// - Throws: when it cannot be reached, or is still loading its model.
    package init(asking client: EngineClient, model: String) async throws(InferenceError) {
        let props = try await Self.document(client, "GET", "/props", nil)
        if props.status == 200, let body = props.body, let settings = body["default_generation_settings"] {
            self.isLlamaServer = true
            self.hasGrammars = true
            self.contextTokensMax = settings["n_ctx"]?.tokenCount
            self.build = body["build_info"]?.text
            if case .boolean(true)? = body["modalities"]?["vision"] { self.takesImages = true }
        }
        let question = Document.object([
            "model": .string(model), "content": .string("a"), "prompt": .string("a"),
            "messages": .array([.object(["role": .string("user"), "content": .string("a")])]),
        ])
        let tokens = try await Self.document(client, "POST", "/tokenize", question)
        self.hasTokenizer = tokens.status == 200 && !(tokens.body?["tokens"]?.elements ?? []).isEmpty
        let prompt = try await Self.document(client, "POST", "/apply-template", question)
        self.hasTemplates = prompt.status == 200 && prompt.body?["prompt"]?.text != nil
    }

    private static func document(
        _ client: EngineClient, _ method: String, _ path: String, _ body: Document?
    ) async throws(InferenceError) -> (status: Int, body: Document?) {
        let status: Int
        let answer: Document?
        do throws(EngineClientError) {
            let response = try await client.ask(method, path, body: body.map(\.json))
            (status, answer) = (response.status, Document(json: response.body))
        } catch {
            throw InferenceError(error)
        }
        // It is not there yet, so that it says nothing of what it supports.
        if 502...504 ~= status { throw EngineRefusal.error(status: status, answer) }
        return (status, answer)
    }
}
