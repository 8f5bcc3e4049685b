internal import Inference
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// A request for embeddings in OpenAI's notation.
struct OpenAIEmbedding: Sendable {
    /// The limit on texts in one request.
    static let textCountMax = 2048
    /// As many as the largest open models have; vectors of fewer are filled up with zeros.
    static let dimensionsMax = 4096
    /// The texts whose vectors are written on the event loop.
    static let loopTextCountMax = 16

    let request: EmbeddingRequest
    private let dimensions: Int?
    private let isBase64: Bool

    private static let shape = BodyShape.object(["dimensions": .integer, "encoding_format": .text, "user": .text])

    init(_ body: Document) throws(ServiceError) {
        try Self.shape.check(body, .openAI)
        let texts: [String]
        switch body["input"] {
        case .string(let text)?: texts = [text]
        case .array(let elements)? where elements.allSatisfy { $0.text != nil }: texts = elements.compactMap(\.text)
        case .array?:
            throw OpenAIRules.fault(
                "'input' must be a text or a list of texts: a model of this machine has tokens of its own. "
                    + "Of langchain, set check_embedding_ctx_length=False.", "input", nil)
        case nil, .null?: throw OpenAIRules.missing("input")
        default:
            throw OpenAIRules.fault(
                "Invalid type for 'input': expected a string or an array of strings.", "input", "invalid_type")
        }
        guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
            throw OpenAIRules.fault(
                "'$.input' is invalid. Please check the API reference: an input must not be empty.", "input", nil)
        }
        guard texts.count <= Self.textCountMax else {
            throw OpenAIRules.fault(
                "Invalid 'input': array too long. Expected an array with maximum length \(Self.textCountMax), but got "
                    + "an array with length \(texts.count) instead.", "input", "array_above_max_length")
        }
        switch body["encoding_format"]?.text {
        case nil, "float": self.isBase64 = false
        case "base64": self.isBase64 = true
        case let format?:
            throw OpenAIRules.fault(
                "Invalid value: '\(format)'. Supported values are: 'float' and 'base64'.", "encoding_format",
                "invalid_value")
        }
        self.dimensions = body["dimensions"]?.integer
        try Self.check(dimensions: self.dimensions)
        self.request = EmbeddingRequest(texts: texts)
    }

    private static func check(dimensions: Int?) throws(ServiceError) {
        guard let dimensions else { return }
        guard dimensions >= 1 else {
            throw OpenAIRules.fault(
                "Invalid 'dimensions': integer below minimum value. Expected a value >= 1, but got \(dimensions) "
                    + "instead.", "dimensions", "integer_below_min_value")
        }
        guard dimensions <= self.dimensionsMax else {
            throw OpenAIRules.fault(
                "Invalid 'dimensions': integer above maximum value. Expected a value <= \(self.dimensionsMax), but got "
                    + "\(dimensions) instead.", "dimensions", "integer_above_max_value")
        }
    }

    func response(_ outcome: EmbeddingOutcome, model: String) -> Document {
        let data = outcome.embeddings.enumerated().map { index, embedding in
            let values = embedding.fitted(dimensions: self.dimensions, isNormalised: true)
            return Document.object([
                "object": .string("embedding"), "index": .number(index),
                "embedding": self.isBase64 ? .string(Self.base64(values)) : .vector(values),
            ])
        }
        return .object([
            "object": .string("list"), "data": .array(data), "model": .string(model),
            "usage": .object([
                "prompt_tokens": .number(outcome.inputTokens), "total_tokens": .number(outcome.inputTokens),
            ]),
        ])
    }

    /// The numbers' bytes, little-endian.
    private static func base64(_ values: [Float]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 4)
        for value in values {
            let bits = value.bitPattern
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
        }
        return Base64.encode(bytes)
    }
}
