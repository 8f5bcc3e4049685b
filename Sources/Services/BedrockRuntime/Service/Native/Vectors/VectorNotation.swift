internal import Inference
internal import ServiceModel
internal import WireProtocols

/// A body of InvokeModel for embeddings, and the answer in the same notation.
/// - Source: Bedrock User Guide, "Inference request parameters and response fields for foundation models".
protocol EmbeddingNotation: Sendable {
    init(_ body: Document) throws(ServiceError)
    var request: EmbeddingRequest { get }
    func response(_ outcome: EmbeddingOutcome, _ stamp: AnswerStamp) -> Document
    /// The family's error for a text that is longer than the model accepts.
    func tooLong(tokens: Int, tokensMax: Int) -> ServiceError
}

extension EmbeddingNotation {
    func tooLong(tokens: Int, tokensMax: Int) -> ServiceError {
        .invalid("Input is too long for requested model.")
    }
}

/// The notation of a model for vectors: determined by the id, or else by the body.
enum VectorNotation {
    case embeddings(any EmbeddingNotation)
    case rerank(RerankNotation)

    /// The kinds of notations.
    enum Kind: Sendable {
        case titanG1, titanV2, titanImage, nova, cohereV3, cohereV4, rerank, cohereRerank

        var purpose: EngineLaunch.Purpose {
            self == .rerank || self == .cohereRerank ? .reranking : .embeddings
        }
    }

    init(_ kind: Kind, _ body: Document) throws(ServiceError) {
        switch kind {
        case .titanG1: self = .embeddings(try TitanG1Embedding(body))
        case .titanV2: self = .embeddings(try TitanV2Embedding(body))
        case .titanImage: self = .embeddings(try TitanImageEmbedding(body))
        case .nova: self = .embeddings(try NovaEmbedding(body))
        case .cohereV3: self = .embeddings(try CohereEmbedding(v3: body))
        case .cohereV4: self = .embeddings(try CohereEmbedding(v4: body))
        case .rerank: self = .rerank(try RerankNotation(body))
        case .cohereRerank: self = .rerank(try RerankNotation(body, versionMin: 2))
        }
    }

    /// The notation of an id of Bedrock.
    static func kind(of id: ModelID) -> Kind? {
        let name = id.name
        if name.hasPrefix("amazon.titan-embed-image") { return .titanImage }
        if name.hasPrefix("amazon.titan-embed-text-v2") { return .titanV2 }
        if name.hasPrefix("amazon.titan-embed") { return .titanG1 }
        if name.hasPrefix("amazon.nova"), name.contains("embed") { return .nova }
        if name.hasPrefix("cohere.embed-v4") { return .cohereV4 }
        if name.hasPrefix("cohere.embed") { return .cohereV3 }
        if name.hasPrefix("cohere.rerank") { return .cohereRerank }
        if name.hasPrefix("amazon.rerank") { return .rerank }
        return nil
    }

    /// The notation for an id of no known family, by its body; nil when it may be a conversation.
    ///
    /// `purpose` is that of the model; nil when it has no specific one.
    static func kind(of body: Document, purpose: EngineLaunch.Purpose?) -> Kind? {
        switch purpose {
        case .chat: nil
        case .reranking: .rerank
        case nil where body["messages"] != nil: nil
        case nil where body["query"] != nil && body["documents"] != nil: .rerank
        case nil, .embeddings:
            if body["taskType"] != nil {
                .nova
            } else if body["texts"] != nil || body["inputs"] != nil {
                .cohereV4
            } else if body["inputText"] != nil || purpose == .embeddings {
                .titanV2
            } else {
                nil
            }
        }
    }
}

/// `cohere.rerank…` and `amazon.rerank…`
/// - Source: Bedrock User Guide, "Use a reranker model in Amazon Bedrock", and Cohere's "Rerank API (v2)".
struct RerankNotation: Sendable {
    /// The limit on documents in one request.
    static let documentCountMax = 1000

    let request: RerankRequest
    private let countMax: Int

    /// A body for a model that requires an `api_version` of at least `versionMin`; nil if none is required.
    init(_ body: Document, versionMin: Int? = nil) throws(ServiceError) {
        var check = BodyCheck(
            body, required: ["query", "documents"] + (versionMin == nil ? [] : ["api_version"]),
            optional: ["top_n", "api_version", "max_tokens_per_doc", "return_documents", "rank_fields"])
        let query = check.text("query") ?? ""
        if body["query"] != nil, query.isEmpty { check.add("#/query: expected minLength: 1, actual: 0") }
        var documents: [String] = []
        if case .array(let elements)? = body["documents"] {
            if elements.isEmpty { check.add("#/documents: expected minimum item count: 1, found: 0") }
            if elements.count > Self.documentCountMax {
                check.add(
                    "#/documents: expected maximum item count: \(Self.documentCountMax), found: \(elements.count)")
            }
            for (index, element) in elements.enumerated() where element.text == nil {
                if case .object = element { continue }
                check.add("#/documents/\(index): expected type: String, found: \(BodyCheck.type(element))")
            }
            // In an older notation documents are objects: their text is used, or else the whole object, instead of
            // YAML.
            documents = elements.map { $0.text ?? $0["text"]?.text ?? $0.jsonText }
        } else if body["documents"] != nil {
            check.add("#/documents: expected type: JSONArray, found: \(BodyCheck.type(body["documents"] ?? .null))")
        }
        let count = check.number("top_n")
        if let count, count < 1 { check.add("#/top_n: \(count) is not greater or equal to 1") }
        if let version = check.number("api_version"), let versionMin, version < versionMin {
            check.add("#/api_version: \(version) is not greater or equal to \(versionMin)")
        }
        let tokensMax = check.number("max_tokens_per_doc")
        try check.finish()
        self.request = RerankRequest(query: query, documents: documents, tokensMax: tokensMax)
        self.countMax = count ?? documents.count
    }

    /// The best first; of equal scores, the one that came first.
    func response(_ outcome: RerankOutcome) -> Document {
        let ranked = outcome.scores.enumerated().sorted { left, right in
            left.element == right.element ? left.offset < right.offset : left.element > right.element
        }
        return .object([
            "results": .array(
                ranked.prefix(self.countMax).map { index, score in
                    .object(["index": .number(index), "relevance_score": .number("\(score)")])
                })
        ])
    }
}
