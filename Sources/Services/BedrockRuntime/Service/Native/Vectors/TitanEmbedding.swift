internal import Inference
internal import ServiceModel

/// The checks common to Amazon's embedding models.
enum TitanText {
    /// - Source: Bedrock User Guide, "Amazon Titan Text Embeddings models": 8,192 tokens or 50,000 characters.
    static let characterCountMax = 50_000

    /// In these two sentences AWS gives no path.
    static func check(_ text: String) throws(ServiceError) {
        guard !text.isEmpty else { throw BodyCheck.malformed("expected minLength: 1, actual: 0") }
        guard text.utf8.count > self.characterCountMax else { return }
        let count = text.unicodeScalars.count
        guard count <= self.characterCountMax else {
            throw BodyCheck.malformed("expected maxLength: \(self.characterCountMax), actual: \(count)")
        }
    }

    static func tooLong(tokens: Int, tokensMax: Int) -> ServiceError {
        .invalid(
            "400 Bad Request: Too many input tokens. Max input tokens: \(tokensMax), request input token count: "
                + "\(tokens) ")
    }
}

extension Document {
    /// The numbers of a vector.
    static func vector(_ values: [Float]) -> Document { .array(values.map { .number("\($0)") }) }
}

/// `amazon.titan-embed-text-v1` and `amazon.titan-embed-g1-text-02`: always 1,536 numbers.
/// - Source: Bedrock User Guide, "Amazon Titan Embeddings G1 - Text".
struct TitanG1Embedding: EmbeddingNotation {
    private static let dimensions = 1536

    let request: EmbeddingRequest

    init(_ body: Document) throws(ServiceError) {
        var check = BodyCheck(body, required: ["inputText"])
        let text = check.text("inputText") ?? ""
        try check.finish()
        try TitanText.check(text)
        self.request = EmbeddingRequest(texts: [text])
    }

    func response(_ outcome: EmbeddingOutcome, _ stamp: AnswerStamp) -> Document {
        let vector = outcome.embeddings[0].fitted(dimensions: Self.dimensions, isNormalised: true)
        return .object(["embedding": .vector(vector), "inputTextTokenCount": .number(outcome.inputTokens)])
    }

    func tooLong(tokens: Int, tokensMax: Int) -> ServiceError {
        TitanText.tooLong(tokens: tokens, tokensMax: tokensMax)
    }
}

/// `amazon.titan-embed-text-v2:0`
/// - Source: Bedrock User Guide, "Amazon Titan Embeddings G1 - Text", "V2 Request" and "V2 Response".
struct TitanV2Embedding: EmbeddingNotation {
    private static let dimensions = [1024, 512, 256]
    private static let types = ["float", "binary"]

    let request: EmbeddingRequest
    private let dimensions: Int
    private let isNormalised: Bool
    private let types: [String]

    init(_ body: Document) throws(ServiceError) {
        var check = BodyCheck(
            body, required: ["inputText"], optional: ["dimensions", "normalize", "embeddingTypes"])
        let text = check.text("inputText") ?? ""
        let dimensions = check.number("dimensions")
        check.choice(dimensions, "dimensions", of: Self.dimensions)
        let isNormalised = check.truth("normalize")
        let types = check.texts("embeddingTypes") ?? ["float"]
        for (index, type) in types.enumerated() { check.choice(type, "embeddingTypes/\(index)", of: Self.types) }
        try check.finish()
        try TitanText.check(text)
        self.request = EmbeddingRequest(texts: [text])
        self.dimensions = dimensions ?? Self.dimensions[0]
        self.isNormalised = isNormalised ?? true
        self.types = types.isEmpty ? ["float"] : types
    }

    func response(_ outcome: EmbeddingOutcome, _ stamp: AnswerStamp) -> Document {
        let vector = outcome.embeddings[0].fitted(dimensions: self.dimensions, isNormalised: self.isNormalised)
        let floats = Document.vector(vector)
        var byType: [Document.Member] = []
        if self.types.contains("binary") {
            byType.append(.init("binary", .array(vector.map { .number($0 > 0 ? 1 : 0) })))
        }
        if self.types.contains("float") { byType.append(.init("float", floats)) }
        return .object([
            "embedding": floats, "embeddingsByType": .object(byType),
            "inputTextTokenCount": .number(outcome.inputTokens),
        ])
    }

    func tooLong(tokens: Int, tokensMax: Int) -> ServiceError {
        TitanText.tooLong(tokens: tokens, tokensMax: tokensMax)
    }
}

/// `amazon.titan-embed-image-v1`; texts only: no local model embeds images.
/// - Source: Bedrock User Guide, "Amazon Titan Multimodal Embeddings G1".
struct TitanImageEmbedding: EmbeddingNotation {
    private static let dimensions = [256, 384, 1024]

    let request: EmbeddingRequest
    private let dimensions: Int

    init(_ body: Document) throws(ServiceError) {
        var check = BodyCheck(body, required: [], optional: ["inputText", "inputImage", "embeddingConfig"])
        let text = check.text("inputText")
        let configuration = check.object("embeddingConfig")
        let dimensions = check.number(
            "outputEmbeddingLength", at: "embeddingConfig/outputEmbeddingLength", in: configuration)
        check.choice(dimensions, "embeddingConfig/outputEmbeddingLength", of: Self.dimensions)
        try check.finish()
        if let image = body["inputImage"], image != .null {
            throw .invalid("Images cannot be embedded here: the models of this machine embed texts.")
        }
        guard let text else { throw .invalid("Please provide either inputText or inputImage.") }
        try TitanText.check(text)
        self.request = EmbeddingRequest(texts: [text])
        self.dimensions = dimensions ?? 1024
    }

    func response(_ outcome: EmbeddingOutcome, _ stamp: AnswerStamp) -> Document {
        let vector = outcome.embeddings[0].fitted(dimensions: self.dimensions, isNormalised: true)
        return .object([
            "embedding": .vector(vector), "inputTextTokenCount": .number(outcome.inputTokens), "message": .null,
        ])
    }

    func tooLong(tokens: Int, tokensMax: Int) -> ServiceError {
        TitanText.tooLong(tokens: tokens, tokensMax: tokensMax)
    }
}
