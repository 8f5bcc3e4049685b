internal import Primitives
internal import ServiceModel
internal import Synchronization
internal import WireProtocols

/// Probes what an external server supports: its own metadata, and three short answers.
package struct ModelServerProbe: Sendable {
    /// One feature that a server supports or not.
    package struct Finding: Sendable, Equatable {
        /// An identifier for programs, such as `jsonSchema`.
        package var name: String
        /// For people.
        package var title: String
        package var isThere: Bool
        /// What was found, or why the feature is missing.
        package var detail: String
    }

    package let findings: [Finding]

    /// The token limit of each of the three answers.
    private static let tokensMax = 64
    /// The timeout of each request.
    private static let silenceSeconds = 120

    /// Probes a server, with an address such as `http://gpu:8000/v1`, for a model under the server's name for it; it
    /// generates a few dozen tokens.
    /// - Throws: when the server cannot be reached, or the address is invalid.
    package init(url: String, model: String, apiKey: String?) async throws(InferenceError) {
        guard let endpoint = EngineEndpoint(url: url, apiKey: apiKey) else {
            throw .failed("\(url) is not the address of a server")
        }
        let client: EngineClient
        do throws(EngineClientError) {
            client = try EngineClient(endpoint, silenceSeconds: Self.silenceSeconds)
        } catch {
            throw InferenceError(error)
        }
        let capabilities = try await EngineCapabilities(asking: client, model: model)
        let chat = LlamaServerModel(
            client: client, name: model, capabilities: capabilities, random: SystemRandomSource())
        var findings = Self.said(capabilities)
        findings.append(await Self.conversation(chat))
        findings.append(await Self.schema(chat))
        findings.append(await Self.forcedCall(chat))
        self.findings = findings
    }

    private static func said(_ capabilities: EngineCapabilities) -> [Finding] {
        func finding(_ name: String, _ title: String, _ isThere: Bool, _ detail: String = "") -> Finding {
            Finding(name: name, title: title, isThere: isThere, detail: detail)
        }
        let context = capabilities.contextTokensMax.map { "\($0) tokens per request" } ?? "not reported"
        return [
            finding("llamaServer", "all of llama.cpp's API", capabilities.isLlamaServer),
            finding("tokenizer", "exact token counts of texts", capabilities.hasTokenizer, "/tokenize"),
            finding("templates", "conversations rendered as prompts", capabilities.hasTemplates, "/apply-template"),
            finding("grammars", "grammars, for forced tool calls", capabilities.hasGrammars),
            finding("rawPrompts", "raw prompts", capabilities.isLlamaServer, "/completion"),
            finding("images", "images", capabilities.takesImages),
            finding("context", "context length", capabilities.contextTokensMax != nil, context),
            finding(
                "countTokens", "CountTokens and cache points", capabilities.hasTokenizer && capabilities.hasTemplates),
        ]
    }

    private static func ask(
        _ model: LlamaServerModel, _ request: ChatRequest
    ) async throws -> (String, ChatOutcome, Int) {
        let said = Mutex((text: "", calls: 0))
        let outcome = try await model.chat(request) { event in
            said.withLock { said in
                switch event {
                case .text(let text): said.text += text
                case .toolCall: said.calls += 1
                case .reasoning: break
                }
            }
        }
        let all = said.withLock { $0 }
        return (all.text, outcome, all.calls)
    }

    private static func request(_ text: String) -> ChatRequest {
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text(text)])])
        request.sampling.tokensMax = self.tokensMax
        request.sampling.temperature = 0
        return request
    }

    private static func conversation(_ model: LlamaServerModel) async -> Finding {
        let title = "streamed conversations with token counts"
        do {
            let (_, outcome, _) = try await self.ask(model, self.request("Say hello."))
            let detail = "\(outcome.inputTokens) tokens in, \(outcome.outputTokens) out"
            return Finding(name: "conversation", title: title, isThere: true, detail: detail)
        } catch {
            return Finding(name: "conversation", title: title, isThere: false, detail: self.reason(error))
        }
    }

    private static func schema(_ model: LlamaServerModel) async -> Finding {
        let title = "answers that follow a JSON schema"
        var request = self.request("Give me a number from 1 to 9 as JSON.")
        request.answerSchema = .object([
            "type": .string("object"), "properties": .object(["number": .object(["type": .string("boolean")])]),
            "required": .array([.string("number")]), "additionalProperties": .boolean(false),
        ])
        do {
            // The schema contradicts the prompt: only a server that enforces the schema passes.
            let (text, _, _) = try await self.ask(model, request)
            guard case .boolean? = Document(json: Array(text.utf8))?["number"] else {
                return Finding(
                    name: "jsonSchema", title: title, isThere: false, detail: "it answered \(text.prefix(80))")
            }
            return Finding(name: "jsonSchema", title: title, isThere: true, detail: "")
        } catch {
            return Finding(name: "jsonSchema", title: title, isThere: false, detail: self.reason(error))
        }
    }

    private static func forcedCall(_ model: LlamaServerModel) async -> Finding {
        let title = "forced tool calls"
        var request = self.request("Say hello.")
        request.tools = [
            .init(name: "greet", description: "Greets somebody", schema: .object(["type": .string("object")]))
        ]
        request.toolChoice = .any
        do {
            let (text, _, calls) = try await self.ask(model, request)
            return Finding(
                name: "forcedToolCall", title: title, isThere: calls > 0,
                detail: calls > 0 ? "" : "it answered \(text.prefix(80))")
        } catch {
            return Finding(name: "forcedToolCall", title: title, isThere: false, detail: self.reason(error))
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? InferenceError else { return "\(error)" }
        guard case .refused(status: 401, _) = error else { return error.reason }
        return "\(error.reason) (its key is taken from BRUME_MODEL_API_KEY)"
    }
}
