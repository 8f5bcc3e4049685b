/// Embeddings without semantics, but of some use: texts with common words get similar vectors.
///
/// Each word adds to two elements of the vector; a hash of the word selects the elements and the sign. One of them is
/// among the first `shortCount`: a vector that is shortened to them has a length, too.
extension EchoModel: EmbeddingModel, RerankModel, IdentifiedModel {
    /// Elements of a vector.
    package static let dimensionCount = 1024
    /// The fewest elements that ids of Bedrock can be asked for.
    private static let shortCount = 256
    /// The limit for one text, in tokens.
    static let textTokensMax = 8192

    package func embed(_ request: EmbeddingRequest) async throws -> EmbeddingOutcome {
        let bound = min(request.tokensMax ?? Self.textTokensMax, Self.textTokensMax)
        var embeddings: [Embedding] = []
        for text in request.texts {
            try Task.checkCancellation()
            let words = Self.tokens(of: text)
            guard words.count > bound else {
                embeddings.append(Embedding(values: Self.vector(of: words[...]), tokens: words.count))
                continue
            }
            guard request.overflow != .refuse else {
                throw InferenceError.contextExceeded(tokens: words.count, tokensMax: bound)
            }
            let kept = request.overflow == .dropStart ? words.suffix(bound) : words.prefix(bound)
            embeddings.append(Embedding(values: Self.vector(of: kept), tokens: kept.count, isShortened: true))
        }
        return EmbeddingOutcome(embeddings: embeddings)
    }

    /// Scores each text by the cosine of its vector and the query's.
    package func rerank(_ request: RerankRequest) async throws -> RerankOutcome {
        let bound = min(request.tokensMax ?? Self.textTokensMax, Self.textTokensMax)
        let question = Self.tokens(of: request.query)
        guard question.count < bound else {
            throw InferenceError.contextExceeded(tokens: question.count, tokensMax: bound)
        }
        let wanted = Embedding(values: Self.vector(of: question[...]), tokens: 0).fitted(
            dimensions: nil, isNormalised: true)
        var outcome = RerankOutcome(scores: [], inputTokens: 0)
        for document in request.documents {
            try Task.checkCancellation()
            let words = Self.tokens(of: document).prefix(bound - question.count)
            let found = Embedding(values: Self.vector(of: words), tokens: 0).fitted(
                dimensions: nil, isNormalised: true)
            let cosine = zip(wanted, found).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            outcome.scores.append(min(1, max(0, cosine)))
            outcome.inputTokens += question.count + words.count
        }
        return outcome
    }

    package func identity() async throws -> String? { Self.name }

    /// The tokens of a text without the spaces before them, with ASCII letters in lower case.
    private static func tokens(of text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        var tokens: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = EchoTokens.end(in: bytes.span, from: start)
            tokens.append(bytes[start..<end].filter { $0 > 0x20 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
            start = end
        }
        return tokens
    }

    private static func vector(of tokens: ArraySlice<[UInt8]>) -> [Float] {
        var values = [Float](repeating: 0, count: self.dimensionCount)
        for token in tokens where !token.isEmpty {
            // FNV-1a.
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in token { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            let sign: Float = hash >> 63 == 0 ? 1 : -1
            values[Int(hash % UInt64(self.shortCount))] += sign
            values[self.shortCount + Int(hash >> 16 % UInt64(self.dimensionCount - self.shortCount))] += sign
        }
        return values
    }
}
