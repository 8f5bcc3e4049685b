internal import Inference
internal import Primitives
package import ServiceKit
internal import ServiceModel
internal import WireProtocols

extension BedrockRuntimeService {
    /// Bedrock's endpoints with the APIs of OpenAI and Anthropic.
    ///
    /// On AWS they are at `bedrock-runtime.<region>.amazonaws.com/openai/v1`, and at
    /// `bedrock-mantle.<region>.api.aws/v1` and `/anthropic/v1`; here all paths are served, whatever the host.
    /// - Source: Amazon Bedrock User Guide, "Endpoints supported by Amazon Bedrock", "Responses API".
    package var routes: [HTTPRoute] { Self.routes(of: self) }

    /// The routes for a process that does not run the service: requests are recognised, but not answered here.
    package static var routesElsewhere: [HTTPRoute] { self.routes(of: nil) }

    private static func routes(of service: BedrockRuntimeService?) -> [HTTPRoute] {
        // OpenAI and Anthropic list models at the same path; Anthropic's clients are recognised by their headers.
        var routes =
            self.anthropicLists("/v1", carrying: self.anthropicHeaders, service)
            + self.anthropicLists("/anthropic/v1", service)
        for prefix in ["/v1", "/openai/v1"] {
            routes += [
                self.route(
                    "ChatCompletions", "\(prefix)/chat/completions", self.openAI, service, service?.chatCompletion),
                self.route("Responses", "\(prefix)/responses", self.openAI, service, service?.modelResponse),
                self.route(
                    "CountInputTokens", "\(prefix)/responses/input_tokens", self.openAI, service,
                    service?.countInputTokens),
                self.route("Embeddings", "\(prefix)/embeddings", self.openAI, service, service?.embeddings),
                self.keptRoute("GetResponse", "GET", prefix, "", "bedrock:GetInvoke", service?.keptResponse),
                self.keptRoute(
                    "DeleteResponse", "DELETE", prefix, "", "bedrock:DeleteInvoke", service?.deleteResponse),
                self.keptRoute(
                    "ListInputItems", "GET", prefix, "/input_items", "bedrock:GetInvoke", service?.inputItems),
                self.keptRoute(
                    "CancelResponse", "POST", prefix, "/cancel", "bedrock:CancelInvoke", service?.cancelResponse),
                self.listRoute("ListModels", "\(prefix)/models", service),
                self.listRoute("GetModel", "\(prefix)/models/{model}", service),
            ]
        }
        for prefix in ["/v1", "/anthropic/v1"] {
            routes += [
                self.route("Messages", "\(prefix)/messages", self.anthropic, service, service?.message),
                self.route(
                    "CountMessageTokens", "\(prefix)/messages/count_tokens", self.anthropic, service,
                    service?.countMessageTokens),
            ]
        }
        let unknown = [
            ("/v1/messages", self.anthropic), ("/anthropic/v1", self.anthropic), ("/v1", self.openAI),
            ("/openai/v1", self.openAI),
        ]
        let others = HTTPRoute(unknownBelow: "/v1", carrying: self.anthropicHeaders, form: self.anthropic.form)
        return routes + [others] + unknown.map { HTTPRoute(unknownBelow: $0, form: $1.form) } + self.mistaken
    }

    /// Requests of clients whose base URL lacks the version, and of Ollama's clients.
    private static var mistaken: [HTTPRoute] {
        let openAI = "OpenAI's notation is answered below /v1: let the base URL end so"
        let ollama = "Ollama's own API is not spoken here; OpenAI's is, below /v1"
        let paths = [
            ("/chat/completions", openAI), ("/responses", openAI), ("/embeddings", openAI), ("/models", openAI),
            ("/api", ollama),
        ]
        return paths.map { HTTPRoute(unknownBelow: $0, form: self.openAI.form, remedy: $1) }
    }

    /// Headers that Anthropic's clients send, and OpenAI's do not.
    private static let anthropicHeaders = ["anthropic-version", "x-api-key"]

    /// The valid service names in a signature: those for which AWS's clients sign on either host.
    private static let signingNames = ["bedrock", "bedrock-mantle"]

    /// The notation of a route's bodies and errors.
    private struct Notation {
        let form: HTTPRouteForm
        let bodies: BodyShape.Form
    }

    private static let openAI = Notation(
        form: HTTPRouteForm(
            signingNames: signingNames, takesKeyHeader: false, requestIDHeader: "x-request-id",
            error: OpenAIError.answer, errorEvent: OpenAIError.event),
        bodies: .openAI)

    private static let anthropic = Notation(
        form: HTTPRouteForm(
            signingNames: signingNames, takesKeyHeader: true, requestIDHeader: "request-id",
            error: AnthropicError.answer, errorEvent: AnthropicError.event),
        bodies: .anthropic)

    private typealias Handler =
        @Sendable (CompatibleRequest, RequestContext) async throws(ServiceError) -> HTTPRouteAnswer

    private static func route(
        _ name: String, _ path: String, _ notation: Notation, _ service: BedrockRuntimeService?, _ respond: Handler?
    ) -> HTTPRoute {
        HTTPRoute(name, "POST", path, form: notation.form) { request, context in
            CompatibleRequest.accesses(request, context, service)
        } respond: { (request, context) async throws(ServiceError) in
            guard let respond else { throw Self.elsewhere }
            let version = notation.bodies == .anthropic ? try AnthropicVersion.check(request.head) : nil
            let parsed = try CompatibleRequest(request, context, notation.bodies)
            if let version { try AnthropicRules.checkSampling(of: parsed.body, version, parsed.id) }
            return try await respond(parsed, context)
        }
    }

    private typealias KeptHandler =
        @Sendable (HTTPRouteRequest, RequestContext) throws(ServiceError) -> HTTPRouteAnswer

    /// A route to a stored response.
    /// - Source: the actions are those in Amazon Bedrock User Guide, "Making inference requests".
    private static func keptRoute(
        _ name: String, _ method: String, _ prefix: String, _ suffix: String, _ action: String,
        _ respond: KeptHandler?
    ) -> HTTPRoute {
        HTTPRoute(name, method, "\(prefix)/responses/{response}\(suffix)", form: self.openAI.form) { _, _ in
            [ResourceAccess(action: action, resource: "*")]
        } respond: { (request, context) async throws(ServiceError) in
            guard let respond else { throw Self.elsewhere }
            return try respond(request, context)
        }
    }

    private static func listRoute(_ name: String, _ path: String, _ service: BedrockRuntimeService?) -> HTTPRoute {
        HTTPRoute(name, "GET", path, form: self.openAI.form) { _, _ in
            [self.listAccess]
        } respond: { (request, context) async throws(ServiceError) in
            guard let service else { throw Self.elsewhere }
            return try await service.models(request.labels.first, context)
        }
    }

    private static let listAccess = ResourceAccess(action: "bedrock:ListFoundationModels", resource: "*")

    /// The list of models for Anthropic's clients.
    private static func anthropicLists(
        _ prefix: String, carrying carried: [String] = [], _ service: BedrockRuntimeService?
    ) -> [HTTPRoute] {
        [("ListModels", "\(prefix)/models"), ("GetModel", "\(prefix)/models/{model}")].map { name, path in
            HTTPRoute(name, "GET", path, carrying: carried, form: self.anthropic.form) { _, _ in
                [self.listAccess]
            } respond: { (request, context) async throws(ServiceError) in
                guard let service else { throw Self.elsewhere }
                try AnthropicVersion.check(request.head)
                return try await service.anthropicModels(request, context)
            }
        }
    }

    private static let elsewhere = ServiceError(
        code: "ServiceUnavailableException", status: 503, message: "The service runs in another process.")
}

/// A body with a member `model`, as in all of these requests.
struct CompatibleRequest: Sendable {
    let body: Document
    let id: ModelID
    let isStreamed: Bool
    /// The beta features that Anthropic's clients request.
    let betas: [String]

    init(
        _ request: HTTPRouteRequest, _ context: RequestContext, _ form: BodyShape.Form
    ) throws(ServiceError) {
        guard let body = Self.document(request), case .object = body else {
            throw .invalid("We could not parse the JSON body of your request.")
        }
        try BedrockRuntimeService.refuse(
            guardrail: !(request.head.headers.first("x-amzn-bedrock-guardrailidentifier") ?? "").isEmpty)
        try BedrockRuntimeService.refuse(guardrailOf: body)
        self.body = body
        self.id = try ModelID(try Self.model(body, form), context)
        self.isStreamed = body["stream"] == .boolean(true)
        self.betas = request.head.headers.all("anthropic-beta").flatMap { line in
            line.split(separator: ",").map { String($0.drop { $0 == " " }) }
        }
    }

    /// - Source: the sentences that users of both APIs report.
    private static func model(_ body: Document, _ form: BodyShape.Form) throws(ServiceError) -> String {
        let isMissing = body["model"].map { $0 == .null || $0 == .string("") } ?? true
        if isMissing, form == .openAI { throw .invalid("you must provide a model parameter") }
        try BodyShape.object(["model": .text], required: ["model"]).check(body, form)
        guard let model = body["model"]?.text, !model.isEmpty else {
            throw .invalid("model: String should have at least 1 character")
        }
        return model
    }

    /// The accesses of a request; for a body that cannot be parsed, any resource. `service` knows the model's other
    /// names.
    static func accesses(
        _ request: HTTPRouteRequest, _ context: RequestContext, _ service: BedrockRuntimeService?
    ) -> [ResourceAccess] {
        let body = Self.document(request)
        let action =
            body?["stream"] == .boolean(true) ? "bedrock:InvokeModelWithResponseStream" : "bedrock:InvokeModel"
        guard let model = body?["model"]?.text else { return [ResourceAccess(action: action, resource: "*")] }
        return service?.accesses(action, model, context) ?? ModelID.accesses(action, model, context)
    }

    private static func document(_ request: HTTPRouteRequest) -> Document? {
        request.document { Document(json: $0) }
    }
}

extension HTTPRouteAnswer {
    static func json(_ document: Document) -> HTTPRouteAnswer {
        .whole(
            ResponseMessage(
                status: 200, headers: ["Content-Type": "application/json"], body: document.json))
    }
}
