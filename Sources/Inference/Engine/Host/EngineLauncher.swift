/// Starts a model: as a process on this machine, or as a connection to an external server.
package protocol EngineLauncher: Sendable {
    /// Returns once the model accepts requests.
    /// - Parameters:
    ///   - place: where the model is run.
    ///   - onEnd: called once with the reason if it ends unexpectedly later.
    /// - Returns: the running model.
    /// - Throws: `noEngine`, or `failed` with the reason.
    func start(
        _ place: ModelPlace, onEnd: @escaping @Sendable (String) -> Void
    ) async throws(InferenceError) -> RunningEngine
}

/// A model that accepts requests.
package struct RunningEngine: Sendable {
    package var model: any ChatModel
    /// Embeddings by the same engine; nil if it does not support them.
    package var embedder: (any EmbeddingModel)?
    /// Reranking by the same engine; nil if it does not support it.
    package var reranker: (any RerankModel)?
    /// Identifies the model's content and the engine's build; nil if unknown.
    package var identity: String?
    /// Requests that it computes concurrently.
    package var slots: Int
    /// The process of the engine or of its guard; nil for an external server.
    package var processID: Int32?
    /// The memory use that it reports; nil without a report.
    package var memory: EngineMemory?
    /// Stops it, and returns once it has ended.
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
