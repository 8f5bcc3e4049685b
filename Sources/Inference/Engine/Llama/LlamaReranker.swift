internal import Primitives
internal import ServiceModel

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Scores of texts by an engine behind HTTP.
package struct LlamaReranker: RerankModel {
    private let server: LlamaServerModel
    /// Whether the engine's scores lie between 0 and 1 already; others are logits.
    private let givesProbabilities: Bool
    /// Tokens of the question and one text together.
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
        guard let tokens = (answer["usage"]?["prompt_tokens"] ?? answer["usage"]?["total_tokens"])?.integer else {
            throw InferenceError.failed("the server of this model does not count the tokens of a reranking")
        }
        return RerankOutcome(scores: whole, inputTokens: tokens)
    }

    /// Marks of the model's own around the question and the text.
    private static let markCountMax = 8

    /// The documents without what is over the bound at their ends.
    ///
    /// A token has one byte at least, so that short texts need not be counted.
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
