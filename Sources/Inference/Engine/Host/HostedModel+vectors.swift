extension HostedModel: EmbeddingModel, RerankModel, IdentifiedModel {
    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingOutcome {
        try await self.inTurn(of: request.caller) { engine in
            guard let embedder = engine.embedder else {
                throw InferenceError.unsupported("The model \(self.name) does not make embeddings.")
            }
            return try await embedder.embed(request)
        }
    }

    func rerank(_ request: RerankRequest) async throws -> RerankOutcome {
        try await self.inTurn(of: request.caller) { engine in
            guard let reranker = engine.reranker else {
                throw InferenceError.unsupported("The model \(self.name) does not score documents.")
            }
            return try await reranker.rerank(request)
        }
    }

    /// Loads the model if necessary: only its engine knows which build it is.
    func identity() async throws -> String? {
        try await self.withEngine { engine, _, _ in engine.identity }
    }

    private func inTurn<Value>(
        of caller: String, _ work: (RunningEngine) async throws -> Value
    ) async throws -> Value {
        try await self.withEngine { engine, queue, deadline in
            try await queue.acquire(caller: caller, until: deadline)
            defer { queue.release() }
            return try await work(engine)
        }
    }
}
