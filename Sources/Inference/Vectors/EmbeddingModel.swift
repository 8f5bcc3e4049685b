/// A model that turns texts into vectors: texts that mean the same lie near each other.
package protocol EmbeddingModel: Sendable {
    /// A vector for each text, in their order.
    /// - Throws: `InferenceError`, or `CancellationError`.
    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingOutcome
}

/// Texts to be turned into vectors.
package struct EmbeddingRequest: Sendable {
    /// What is done with a text that is longer than the model takes.
    package enum Overflow: Sendable, Hashable {
        /// It is an error.
        case refuse
        /// Its beginning is left out.
        case dropStart
        /// Its end is left out.
        case dropEnd
    }

    package var texts: [String]
    package var overflow: Overflow
    /// Tokens of one text; the model's own bound holds beside it.
    package var tokensMax: Int?
    /// Whose turn it is where requests wait: callers take turns.
    package var caller = ""

    package init(texts: [String], overflow: Overflow = .refuse, tokensMax: Int? = nil) {
        self.texts = texts
        self.overflow = overflow
        self.tokensMax = tokensMax
    }
}

/// One text's vector.
package struct Embedding: Sendable, Hashable {
    /// As the model computed it: its length is not 1.
    package var values: [Float]
    /// Tokens of the text that were computed, marks of the model's own included.
    package var tokens: Int
    /// Whether a part of the text was left out.
    package var isShortened: Bool

    package init(values: [Float], tokens: Int, isShortened: Bool = false) {
        self.values = values
        self.tokens = tokens
        self.isShortened = isShortened
    }

    /// The vector with as many numbers as are asked for.
    ///
    /// Of a longer one the first numbers count, which is right for models that were trained so (Matryoshka) and a loss
    /// for others; a shorter one is filled up with zeros, which changes no distance.
    /// - Parameters:
    ///   - dimensions: how many numbers; nil leaves them.
    ///   - isNormalised: whether the result has length 1, whatever was left out.
    /// - Returns: so many numbers.
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

/// The vectors of a request, and what they took.
package struct EmbeddingOutcome: Sendable, Hashable {
    package var embeddings: [Embedding]

    package init(embeddings: [Embedding]) {
        self.embeddings = embeddings
    }

    /// Tokens of all texts, those whose vectors were known before included.
    package var inputTokens: Int { self.embeddings.reduce(0) { $0 + $1.tokens } }
}

/// A model that says how well texts answer a question.
package protocol RerankModel: Sendable {
    /// - Throws: `InferenceError`, or `CancellationError`.
    func rerank(_ request: RerankRequest) async throws -> RerankOutcome
}

/// A question, and the texts that may answer it.
package struct RerankRequest: Sendable {
    package var query: String
    package var documents: [String]
    /// Tokens of the question and one text together; what is over is left out at the text's end. nil: as the model has.
    package var tokensMax: Int?
    /// Whose turn it is where requests wait.
    package var caller = ""

    package init(query: String, documents: [String], tokensMax: Int? = nil) {
        self.query = query
        self.documents = documents
        self.tokensMax = tokensMax
    }
}

/// How well each text answers.
package struct RerankOutcome: Sendable, Hashable {
    /// From 0 to 1, in the order of the documents.
    package var scores: [Double]
    package var inputTokens: Int

    package init(scores: [Double], inputTokens: Int) {
        self.scores = scores
        self.inputTokens = inputTokens
    }
}

/// A model of which it is known, before it is loaded, what it is for.
package protocol PurposedModel: Sendable {
    /// nil where the server that has it decides, or where it can do all.
    var purpose: EngineLaunch.Purpose? { get }
}

/// A model whose content and engine can be told from any other's.
package protocol IdentifiedModel: Sendable {
    /// The same text for the same weights under the same build of the engine; nil where nobody knows.
    func identity() async throws -> String?
}
