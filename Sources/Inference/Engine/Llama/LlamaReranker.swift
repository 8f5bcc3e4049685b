internal import Primitives
internal import ServiceModel

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Reranking scores by an engine behind HTTP.
package struct LlamaReranker: RerankModel {
    private let server: LlamaServerModel
    /// Whether the engine's scores are already between 0 and 1; otherwise they are logits.
    private let givesProbabilities: Bool
    /// The limit for query and document together, in tokens.
    private let tokensMax: Int?

    package init(_ server: LlamaServerModel, tokensMax: Int?, givesProbabilities: Bool) {
        self.server = server
        self.tokensMax = tokensMax
        self.givesProbabilities = givesProbabilities
    }

    package func rerank(_ request: RerankRequest) async throws -> RerankOutcome {
        let documents = try await self.shortened(request)
        let answer = try await self.server.asking(
            "/v1/rerank",
            .object([
                "model": .string(self.server.name), "query": .string(request.query),
                "documents": .array(documents.map { .string($0) }), "top_n": .number(documents.count),
            ]))
        var scores = [Double?](repeating: nil, count: documents.count)
        for result in answer["results"]?.elements ?? [] {
            guard let index = result["index"]?.integer, scores.indices.contains(index),
                let score = result["relevance_score"]?.double, score.isFinite
            else { throw InferenceError.failed("the engine's scores cannot be read") }
            scores[index] = self.givesProbabilities ? score : 1 / (1 + exp(-score))
        }
        let whole = scores.compactMap { $0 }
        guard whole.count == documents.count else { throw InferenceError.failed("the engine left out a score") }
        guard let tokens = (answer["usage"]?["prompt_tokens"] ?? answer["usage"]?["total_tokens"])?.tokenCount else {
            throw InferenceError.failed("the server of this model does not count the tokens of a reranking")
        }
        return RerankOutcome(scores: whole, inputTokens: tokens)
    }

    /// The number of special tokens that the model adds around query and document.
    private static let markCountMax = 8

    /// Truncates documents that exceed the limit.
    ///
    /// A token has at least one byte, so short texts need not be tokenised.
    private func shortened(_ request: RerankRequest) async throws -> [String] {
        let bound = min(request.tokensMax ?? .max, self.tokensMax ?? .max)
        let longest = request.documents.map(\.utf8.count).max() ?? 0
        guard self.server.capabilities.hasTokenizer, bound < .max,
            longest + request.query.utf8.count + Self.markCountMax > bound
        else { return request.documents }
        let queryCount = try await self.server.tokens(of: request.query).count
        let room = bound - queryCount - Self.markCountMax
        guard room > 0 else { throw InferenceError.contextExceeded(tokens: queryCount, tokensMax: bound) }
        var documents: [String] = []
        for document in request.documents {
            guard document.utf8.count > room else {
                documents.append(document)
                continue
            }
            let tokens = try await self.server.tokens(of: document, addsMarks: false)
            guard tokens.count > room else {
                documents.append(document)
                continue
            }
            documents.append(try await self.server.text(of: Array(tokens.prefix(room))))
        }
        return documents
    }
}
