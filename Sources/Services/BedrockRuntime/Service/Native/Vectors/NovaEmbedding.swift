internal import Inference
internal import ServiceModel

/// `amazon.nova-2-multimodal-embeddings…`; texts only.
/// - Source: Amazon Nova User Guide, "Complete embeddings request and response schema".
struct NovaEmbedding: EmbeddingNotation {
    private static let dimensions = [256, 384, 1024, 3072]
    private static let purposes = [
        "GENERIC_INDEX", "GENERIC_RETRIEVAL", "TEXT_RETRIEVAL", "IMAGE_RETRIEVAL", "VIDEO_RETRIEVAL",
        "DOCUMENT_RETRIEVAL", "AUDIO_RETRIEVAL", "CLASSIFICATION", "CLUSTERING",
    ]
    private static let truncations = ["START", "END", "NONE"]

    let request: EmbeddingRequest
    private let dimensions: Int

    init(_ body: Document) throws(ServiceError) {
        var check = BodyCheck(
            body, required: ["taskType", "singleEmbeddingParams"], optional: ["schemaVersion"])
        check.choice(check.text("schemaVersion"), "schemaVersion", of: ["nova-multimodal-embed-v1"])
        check.choice(check.text("taskType"), "taskType", of: ["SINGLE_EMBEDDING"])
        let place = "singleEmbeddingParams"
        let parameters = body[place] ?? .object([])
        let purpose = check.text("embeddingPurpose", at: "\(place)/embeddingPurpose", in: parameters)
        if body[place] != nil, purpose == nil { check.add("#/\(place): required key [embeddingPurpose] not found") }
        check.choice(purpose, "\(place)/embeddingPurpose", of: Self.purposes)
        let dimensions = check.number("embeddingDimension", at: "\(place)/embeddingDimension", in: parameters)
        check.choice(dimensions, "\(place)/embeddingDimension", of: Self.dimensions)
        let text = parameters["text"]
        let truncation = text.flatMap { text in
            check.text("truncationMode", at: "\(place)/text/truncationMode", in: text)
        }
        check.choice(truncation, "\(place)/text/truncationMode", of: Self.truncations)
        let value = text.flatMap { text in check.text("value", at: "\(place)/text/value", in: text) }
        try check.finish()
        for kind in ["image", "audio", "video"] where parameters[kind] != nil {
            throw .invalid("Only texts can be embedded here, and the request has \(kind).")
        }
        if text?["source"] != nil { throw .invalid("A text must stand in the request itself, not in a bucket.") }
        guard let value else { throw BodyCheck.malformed("#/\(place)/text: required key [value] not found") }
        guard !value.isEmpty else {
            throw BodyCheck.malformed("#/\(place)/text/value: expected minLength: 1, actual: 0")
        }
        let overflow: EmbeddingRequest.Overflow =
            truncation == "START" ? .dropStart : truncation == "END" ? .dropEnd : .refuse
        self.request = EmbeddingRequest(texts: [value], overflow: overflow)
        self.dimensions = dimensions ?? 3072
    }

    func response(_ outcome: EmbeddingOutcome, _ stamp: AnswerStamp) -> Document {
        .object([
            "embeddings": .array(
                outcome.embeddings.map { embedding in
                    .object([
                        "embeddingType": .string("TEXT"),
                        "embedding": .vector(embedding.fitted(dimensions: self.dimensions, isNormalised: true)),
                    ])
                })
        ])
    }
}
