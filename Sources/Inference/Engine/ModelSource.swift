/// Where a model is computed, and how.
package enum ModelPlace: Sendable, Hashable {
    /// By an engine of this machine, which `ModelHost` starts when the first request comes.
    case local(LocalModel)
    /// By a server elsewhere that speaks OpenAI's notation.
    case external(ExternalModel)

    /// What it is for; nil where only the other server knows.
    var purpose: EngineLaunch.Purpose? {
        switch self {
        case .local(let model): model.launch.purpose
        case .external: nil
        }
    }
}

/// A model whose weights are on this machine.
package struct LocalModel: Sendable, Hashable {
    /// Unique on this machine; two names of one model are two models here.
    package var name: String
    package var launch: EngineLaunch
    /// What tells its weights from any other's, such as the digest of its file; nil: the file's own time and size do.
    package var contentID: String?
    /// Whether it stays loaded, whatever others need.
    package var isPinned: Bool
    /// Whether nobody asked for the context that `launch` has: a plan says then which one it is.
    package var isContextDefault = false
    /// Seconds without a request after which it is unloaded; nil takes the host's own.
    package var keepAliveSeconds: Int?
    /// Bytes of memory that it is expected to take where memory is scarce (the card's, or the machine's without one);
    /// 0 where nobody knows.
    package var expectedBytes: Int

    package init(
        name: String, launch: EngineLaunch, isPinned: Bool = false, keepAliveSeconds: Int? = nil,
        expectedBytes: Int = 0
    ) {
        self.name = name
        self.launch = launch
        self.isPinned = isPinned
        self.keepAliveSeconds = keepAliveSeconds
        self.expectedBytes = expectedBytes
    }
}

/// A model that servers elsewhere compute, such as vLLM, SGLang, Ollama or another `llama-server`; several share its
/// work.
package struct ExternalModel: Sendable, Hashable {
    /// One of its servers.
    package struct Server: Sendable, Hashable {
        /// Such as `http://127.0.0.1:8000/v1`.
        package var url: String
        /// What the server calls the model.
        package var remoteName: String

        package init(url: String, remoteName: String) {
            self.url = url
            self.remoteName = remoteName
        }
    }

    package var name: String
    /// At least one.
    package var servers: [Server]
    /// Sent as a bearer token; nil sends none.
    package var apiKey: String?
    /// Requests that are sent to each server at once; more wait here.
    package var slots: Int

    package init(name: String, servers: [Server], apiKey: String? = nil, slots: Int = 16) {
        self.name = name
        self.servers = servers
        self.apiKey = apiKey
        self.slots = slots
    }
}

/// Knows the models of this machine; the registry is one, a list in the configuration another.
package protocol ModelSource: Sendable {
    /// The model of that name, or nil where there is none.
    ///
    /// Asked at every request, so it answers from memory; a change of what it answers takes effect when the model is
    /// loaded the next time.
    /// - Throws: `InferenceError`, such as where a model is known and its file has gone.
    func resolve(_ name: String) async throws(InferenceError) -> ModelPlace?

    /// Every name that `resolve` knows, in no order.
    func names() async -> [String]
}

/// Models that are listed once.
package struct ListedModels: ModelSource {
    private let places: [String: ModelPlace]

    package init(_ places: [String: ModelPlace]) {
        self.places = places
    }

    package func resolve(_ name: String) async throws(InferenceError) -> ModelPlace? { self.places[name] }

    package func names() async -> [String] { Array(self.places.keys) }
}

/// Several sources as one; the first that knows a name answers.
package struct ModelSources: ModelSource {
    private let sources: [any ModelSource]

    package init(_ sources: [any ModelSource]) {
        self.sources = sources
    }

    package func resolve(_ name: String) async throws(InferenceError) -> ModelPlace? {
        for source in self.sources {
            if let place = try await source.resolve(name) { return place }
        }
        return nil
    }

    package func names() async -> [String] {
        var names: [String] = []
        for source in self.sources { names += await source.names() }
        return names
    }
}
