internal import ServiceModel
internal import WireProtocols

/// What a server of models can do, as it was asked once; what it cannot is refused and never estimated.
package struct EngineCapabilities: Sendable, Hashable {
    /// Whether it is llama.cpp's own server, or speaks all of its notation.
    package var isLlamaServer = false
    /// `/apply-template`: what a conversation looks like as one prompt.
    package var hasTemplates = false
    /// `/tokenize`: true token counts.
    package var hasTokenizer = false
    /// `/completion` with a grammar of ours.
    package var hasGrammars = false
    /// Whether the model sees images.
    package var takesImages = false
    /// Tokens of one request with its answer; nil where it is not said.
    package var contextTokensMax: Int?
    /// Bytes of a prompt, blanks left aside, that one token stands for at most; nil where nobody knows.
    package var tokenInkBytesMax: Int?
    /// What it says of its own build; nil where it says nothing.
    package var build: String?

    package init() {}

    /// Asks a server what it can do.
    /// - Throws: where it is not reached, or is still loading its model.
    package init(asking client: EngineClient, model: String) async throws(InferenceError) {
        let props = try await Self.document(client, "GET", "/props", nil)
        if props.status == 503 { throw EngineRefusal.error(status: 503, props.body) }
        if props.status == 200, let body = props.body, let settings = body["default_generation_settings"] {
            self.isLlamaServer = true
            self.hasGrammars = true
            self.contextTokensMax = settings["n_ctx"]?.integer
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
        do throws(EngineClientError) {
            let answer = try await client.ask(method, path, body: body.map(\.json))
            return (answer.status, Document(json: answer.body))
        } catch {
            throw InferenceError(error)
        }
    }
}
