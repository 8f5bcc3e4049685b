/// A model that converts texts to vectors: texts with similar meaning get similar vectors.
package protocol EmbeddingModel: Sendable {
    /// A vector for each text, in order.
    /// - Throws: `InferenceError`, or `CancellationError`.
    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingOutcome
}

/// Texts to convert to vectors.
package struct EmbeddingRequest: Sendable {
    /// How a text is handled that exceeds the model's limit.
    package enum Overflow: Sendable, Hashable {
        /// It is an error.
        case refuse
        /// Its beginning is cut off.
        case dropStart
        /// Its end is cut off.
        case dropEnd
    }

    package var texts: [String]
    package var overflow: Overflow
    /// The limit for one text, in tokens; the model's own limit applies as well.
    package var tokensMax: Int?
    /// Identifies the caller for fair queueing: waiting callers take turns.
    package var caller = ""

    package init(texts: [String], overflow: Overflow = .refuse, tokensMax: Int? = nil) {
        self.texts = texts
        self.overflow = overflow
        self.tokensMax = tokensMax
    }
}

/// One text's vector.
package struct Embedding: Sendable, Equatable {
    /// As the model computed it, not normalised.
    package var values: [Float]
    /// The computed tokens of the text, including the model's special tokens.
    package var tokens: Int
    /// Whether the text was truncated.
    package var isShortened: Bool

    package init(values: [Float], tokens: Int, isShortened: Bool = false) {
        self.values = values
        self.tokens = tokens
        self.isShortened = isShortened
    }

    /// The vector with the requested number of elements.
    ///
    /// A longer vector is truncated, which is right for models trained for it (Matryoshka) and a loss for others; a
    /// shorter one is padded with zeros, which changes no distance.
    /// - Parameters:
    ///   - dimensions: the number of elements; nil leaves it unchanged.
    ///   - isNormalised: whether the result has length 1, even after truncation.
    /// - Returns: the elements.
    package func fitted(dimensions: Int?, isNormalised: Bool) -> [Float] {
        var values = self.values
        if let dimensions {
            values = Array(values.prefix(dimensions))
            values += [Float](repeating: 0, count: dimensions - values.count)
        }
        guard isNormalised else { return values }
        let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0 else { return values }
        return values.map { Float(Double($0) / length) }
    }
}

/// The vectors of a request, and its token count.
package struct EmbeddingOutcome: Sendable, Equatable {
    package var embeddings: [Embedding]

    package init(embeddings: [Embedding]) {
        self.embeddings = embeddings
    }

    /// The tokens of all texts, including those with cached vectors.
    package var inputTokens: Int { self.embeddings.reduce(0) { $0 + $1.tokens } }
}

/// A model that scores how relevant texts are to a query.
package protocol RerankModel: Sendable {
    /// - Throws: `InferenceError`, or `CancellationError`.
    func rerank(_ request: RerankRequest) async throws -> RerankOutcome
}

/// A query, and the texts to score.
package struct RerankRequest: Sendable {
    package var query: String
    package var documents: [String]
    /// The limit for the query and one text together, in tokens; the end of a longer text is cut off. nil: the model's
    /// limit.
    package var tokensMax: Int?
    /// Identifies the caller for fair queueing.
    package var caller = ""

    package init(query: String, documents: [String], tokensMax: Int? = nil) {
        self.query = query
        self.documents = documents
        self.tokensMax = tokensMax
    }
}

/// The relevance of each text.
package struct RerankOutcome: Sendable, Equatable {
    /// From 0 to 1, in the order of the documents.
    package var scores: [Double]
    package var inputTokens: Int

    package init(scores: [Double], inputTokens: Int) {
        self.scores = scores
        self.inputTokens = inputTokens
    }
}

/// A model whose purpose is known before it is loaded.
package protocol PurposedModel: Sendable {
    /// nil when an external server decides, or when the model serves all purposes.
    var purpose: EngineLaunch.Purpose? { get }
}

/// A model whose content and engine can be identified.
package protocol IdentifiedModel: Sendable {
    /// A text that is the same for the same weights and the same build of the engine; nil if unknown.
    func identity() async throws -> String?
}
