/// Where and how a model is run.
package enum ModelPlace: Sendable, Equatable {
    /// By an engine on this machine, which `ModelHost` starts at the first request.
    case local(LocalModel)
    /// By an external server with OpenAI's API.
    case external(ExternalModel)

    /// The model's purpose; nil when only the external server knows it.
    var purpose: EngineLaunch.Purpose? {
        switch self {
        case .local(let model): model.launch.purpose
        case .external: nil
        }
    }
}

/// A model whose weights are on this machine.
package struct LocalModel: Sendable, Equatable {
    /// Unique on this machine; two names of the same weights are two models here.
    package var name: String
    package var launch: EngineLaunch
    /// Identifies the weights, such as the digest of the file; nil: the file's time and size identify them.
    package var contentID: String?
    /// Whether it stays loaded even if other models need the memory.
    package var isPinned: Bool
    /// Whether the context in `launch` is only a default: a plan then determines the actual one.
    package var isContextDefault = false
    /// It is unloaded after this many seconds without a request; nil uses the host's setting.
    package var keepAliveSeconds: Int?
    /// The expected use of the scarce memory (the GPU's, or main memory without a GPU), in bytes; 0 if unknown.
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

/// A model run by external servers, such as vLLM, SGLang, Ollama or another `llama-server`; several share the load.
package struct ExternalModel: Sendable, Equatable {
    /// One of its servers.
    package struct Server: Sendable, Equatable {
        /// Such as `http://127.0.0.1:8000/v1`.
        package var url: String
        /// The server's name for the model.
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
    /// Requests sent to each server concurrently; further ones wait here.
    package var slots: Int

    package init(name: String, servers: [Server], apiKey: String? = nil, slots: Int = 16) {
        self.name = name
        self.servers = servers
        self.apiKey = apiKey
        self.slots = slots
    }
}

/// Looks up the models of this machine; the registry is one source, a list in the configuration another.
package protocol ModelSource: Sendable {
    /// The model of that name; nil when it is unknown.
    ///
    /// Called at every request, so it answers from memory. A change takes effect the next time the model is loaded.
    /// - Throws: `InferenceError`, for example when a known model's file is missing.
    func resolve(_ name: String) async throws(InferenceError) -> ModelPlace?

    /// Whether `resolve` knows a name. Answers from memory, for decisions that cannot wait.
    func knows(_ name: String) -> Bool

    /// Every name that `resolve` knows, in any order.
    func names() async -> [String]
}

/// A fixed list of models.
package struct ListedModels: ModelSource {
    private let places: [String: ModelPlace]

    package init(_ places: [String: ModelPlace]) {
        self.places = places
    }

    package func resolve(_ name: String) async throws(InferenceError) -> ModelPlace? { self.places[name] }

    package func knows(_ name: String) -> Bool { self.places[name] != nil }

    package func names() async -> [String] { Array(self.places.keys) }
}

/// Combines several sources; the first that knows a name answers.
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

    package func knows(_ name: String) -> Bool { self.sources.contains { $0.knows(name) } }

    package func names() async -> [String] {
        var names: [String] = []
        for source in self.sources { names += await source.names() }
        return names
    }
}
