internal import Inference
internal import ServiceModel

/// `cohere.embed-english-v3`, `cohere.embed-multilingual-v3` and `cohere.embed-v4…`; texts only.
/// - Source: Bedrock User Guide, "Cohere Embed v3" and "Cohere Embed v4".
struct CohereEmbedding: EmbeddingNotation {
    private static let textCountMax = 96
    /// The limit of version 3.
    private static let textCharacterCountMax = 2048
    private static let inputTypes = ["search_document", "search_query", "classification", "clustering"]
    private static let types = ["float", "int8", "uint8", "binary", "ubinary"]
    private static let dimensionsOfV4 = [256, 512, 1024, 1536]

    let request: EmbeddingRequest
    private let dimensions: Int
    /// nil means one list of floats.
    private let types: [String]?

    init(_ body: Document) throws(ServiceError) { try self.init(v4: body) }

    init(v3 body: Document) throws(ServiceError) {
        // Without `texts`, AWS expects images, which no local model embeds.
        var check = BodyCheck(
            body, required: ["texts", "input_type"], optional: ["truncate", "embedding_types", "images"])
        let texts = check.texts("texts", countMax: Self.textCountMax, lengthMax: Self.textCharacterCountMax)
        let truncate = check.text("truncate")
        check.choice(truncate, "truncate", of: ["NONE", "START", "END"])
        let types = Self.types(&check)
        try check.finish()
        try Self.refuseImages(body)
        try Self.requireTexts(texts)
        self.request = EmbeddingRequest(texts: texts ?? [], overflow: Self.overflow(truncate))
        self.dimensions = 1024
        self.types = types
    }

    init(v4 body: Document) throws(ServiceError) {
        var check = BodyCheck(
            body, required: ["input_type"],
            optional: [
                "texts", "images", "inputs", "embedding_types", "output_dimension", "max_tokens", "truncate",
            ])
        var texts = check.texts("texts", countMax: Self.textCountMax)
        let truncate = check.text("truncate")
        check.choice(truncate, "truncate", of: ["NONE", "LEFT", "RIGHT", "START", "END"])
        let dimensions = check.number("output_dimension")
        check.choice(dimensions, "output_dimension", of: Self.dimensionsOfV4)
        let tokensMax = check.number("max_tokens")
        if let tokensMax, tokensMax < 1 { check.add("#/max_tokens: \(tokensMax) is not greater or equal to 1") }
        let types = Self.types(&check)
        try check.finish()
        try Self.refuseImages(body)
        if texts == nil, let inputs = body["inputs"] { texts = try Self.texts(of: inputs) }
        try Self.requireTexts(texts)
        self.request = EmbeddingRequest(
            texts: texts ?? [], overflow: Self.overflow(truncate), tokensMax: tokensMax)
        self.dimensions = dimensions ?? 1536
        self.types = types
    }

    private static func types(_ check: inout BodyCheck) -> [String]? {
        check.choice(check.text("input_type"), "input_type", of: self.inputTypes + ["image"])
        let types = check.texts("embedding_types")
        for (index, type) in (types ?? []).enumerated() {
            check.choice(type, "embedding_types/\(index)", of: self.types)
        }
        // Each form is answered once, however often it is named.
        var seen: Set<String> = []
        let named = (types ?? []).filter { seen.insert($0).inserted }
        return named.isEmpty ? nil : named
    }

    private static func overflow(_ truncate: String?) -> EmbeddingRequest.Overflow {
        switch truncate {
        case "START", "LEFT": .dropStart
        case "END", "RIGHT": .dropEnd
        default: .refuse
        }
    }

    private static func refuseImages(_ body: Document) throws(ServiceError) {
        guard (body["images"]?.elements ?? []).isEmpty, body["input_type"]?.text != "image" else {
            throw .invalid("Images cannot be embedded here: the models of this machine embed texts.")
        }
    }

    /// `inputs` of version 4: the texts of one input are joined.
    private static func texts(of inputs: Document) throws(ServiceError) -> [String] {
        guard inputs.elements.count <= self.textCountMax else {
            throw BodyCheck.malformed(
                "#/inputs: expected maximum item count: \(self.textCountMax), found: \(inputs.elements.count)")
        }
        var texts: [String] = []
        for (index, input) in inputs.elements.enumerated() {
            var parts: [String] = []
            for part in input["content"]?.elements ?? [] {
                guard part["type"]?.text == "text", let text = part["text"]?.text else {
                    throw .invalid("Only texts can be embedded here, and inputs[\(index)] has something else.")
                }
                parts.append(text)
            }
            texts.append(parts.joined(separator: "\n"))
        }
        return texts
    }

    private static func requireTexts(_ texts: [String]?) throws(ServiceError) {
        guard let texts, !texts.isEmpty else {
            throw BodyCheck.malformed("#/texts: expected minimum item count: 1, found: 0")
        }
        if let index = texts.firstIndex(where: \.isEmpty) {
            throw BodyCheck.malformed("#/texts/\(index): expected minLength: 1, actual: 0")
        }
    }

    func response(_ outcome: EmbeddingOutcome, _ stamp: AnswerStamp) -> Document {
        let vectors = outcome.embeddings.map { $0.fitted(dimensions: self.dimensions, isNormalised: true) }
        let embeddings: Document
        if let types = self.types {
            embeddings = .object(
                types.map { type in .init(type, .array(vectors.map { Self.encoded($0, type) })) })
        } else {
            embeddings = .array(vectors.map { .vector($0) })
        }
        return .object([
            "embeddings": embeddings, "id": .string(stamp.token),
            "response_type": .string(self.types == nil ? "embeddings_floats" : "embeddings_by_type"),
            "texts": .array(self.request.texts.map { .string($0) }),
        ])
    }

    /// A vector in one of Cohere's forms: the sign bits, first bit first, or one byte for each number.
    ///
    /// DEVIATION: bytes are scaled by the vector's own largest number; Cohere scales by bounds that it has not
    /// published. Cosines are the same.
    private static func encoded(_ vector: [Float], _ type: String) -> Document {
        switch type {
        case "binary": return .array(self.bits(vector).map { .number(Int($0) - 128) })
        case "ubinary": return .array(self.bits(vector).map { .number(Int($0)) })
        case "int8": return .array(self.bytes(vector).map { .number($0) })
        case "uint8": return .array(self.bytes(vector).map { .number($0 + 128) })
        default: return .vector(vector)
        }
    }

    private static func bits(_ vector: [Float]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (vector.count + 7) / 8)
        for (index, value) in vector.enumerated() where value > 0 { bytes[index / 8] |= 0x80 >> UInt8(index % 8) }
        return bytes
    }

    private static func bytes(_ vector: [Float]) -> [Int] {
        let largest = vector.reduce(0) { max($0, abs($1)) }
        guard largest > 0 else { return vector.map { _ in 0 } }
        return vector.map { Int(($0 / largest * 127).rounded()) }
    }
}
