/// Starts what computes a model: a process of this machine, or a connection to a server elsewhere.
package protocol EngineLauncher: Sendable {
    /// Returns when the model answers.
    /// - Parameters:
    ///   - place: where the model is computed.
    ///   - onEnd: called once if it ends by itself later; a sentence says why.
    /// - Returns: the model, with what ends it.
    /// - Throws: `noEngine`, or `failed` with the reason.
    func start(
        _ place: ModelPlace, onEnd: @escaping @Sendable (String) -> Void
    ) async throws(InferenceError) -> RunningEngine
}

/// A model that answers.
package struct RunningEngine: Sendable {
    package var model: any ChatModel
    /// Vectors of texts by the same engine; nil where it makes none.
    package var embedder: (any EmbeddingModel)?
    /// Scores of texts by the same engine; nil where it makes none.
    package var reranker: (any RerankModel)?
    /// What tells the model's content and the engine's build from any other; nil where nobody knows.
    package var identity: String?
    /// Requests that it computes at once.
    package var slots: Int
    /// The engine's process, or its guard's; nil for a server elsewhere.
    package var processID: Int32?
    /// What it says itself that it took of the machine; nil where it says nothing.
    package var memory: EngineMemory?
    /// Ends it, and returns when it has ended.
    package var stop: @Sendable () async -> Void

    package init(
        model: any ChatModel, slots: Int, processID: Int32? = nil, memory: EngineMemory? = nil,
        stop: @escaping @Sendable () async -> Void
    ) {
        self.model = model
        self.slots = slots
        self.processID = processID
        self.memory = memory
        self.stop = stop
    }
}
