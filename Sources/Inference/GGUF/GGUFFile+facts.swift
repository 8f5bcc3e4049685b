/// What people and the other parts of Brume ask of a model file.
extension GGUFFile {
    /// What a file is for.
    package enum Role: String, Sendable, Hashable {
        /// Answers in words.
        case chat
        /// Turns texts into vectors.
        case embedding
        /// Says how well a text answers a question.
        case rerank
        /// Turns images or sounds into what a chat model reads; belongs to one.
        case projector
        /// Changes to a model (LoRA), or something else that cannot be loaded by itself.
        case other
    }

    /// How an embedding model makes one vector of a text.
    /// - Source: llama.cpp's `enum llama_pooling_type`.
    package enum Pooling: UInt64, Sendable, Hashable {
        case none = 0
        case mean = 1
        case cls = 2
        case last = 3
        case rank = 4
    }

    /// The name that the makers gave it.
    package var name: String? { self.metadata.text("general.name") }

    /// Such as `Q4_K_M`.
    package var quantisation: String {
        QuantisationLabel.label(fileType: self.metadata.integer("general.file_type"), tensors: self.tensors)
    }

    /// How many numbers its tensors have together.
    package var parameterCount: UInt64 { self.tensors.reduce(0) { $0 &+ $1.elementCount } }

    /// Bytes of its tensors, without padding.
    package var tensorBytes: UInt64 { self.tensors.reduce(0) { $0 + $1.byteCount } }

    /// A number of the model's shape, such as `block_count`.
    package func shape(_ key: String) -> UInt64? { self.metadata.integer("\(self.architecture).\(key)") }

    /// Tokens of the longest text that it was trained on.
    package var trainedContext: UInt64? { self.shape("context_length") }

    /// How many layers it has.
    package var layerCount: UInt64? { self.shape("block_count") }

    /// The kind of tokeniser, such as `gpt2` (byte-level BPE), `llama` (SentencePiece) or `bert` (WordPiece).
    package var tokeniser: String? { self.metadata.text("tokenizer.ggml.model") }

    /// How many tokens it knows.
    package var vocabularyCount: UInt64? {
        self.metadata.elementCount("tokenizer.ggml.tokens") ?? self.shape("vocab_size")
    }

    /// Bytes of a text, blanks left aside, that one token stands for at most: a text has no fewer tokens than its bytes
    /// divided by these. Nil for tokenisers that pass over parts of a text, or make one token of what they do not
    /// know.
    ///
    /// Byte-level BPE has a token for each byte, SentencePiece's BPE falls back on bytes; special tokens are written as
    /// they stand in texts, and take no more than blanks around them along.
    package var tokenInkBytesMax: Int? {
        let longest = self.metadata.longestTokens
        let bytes: UInt64? =
            switch self.tokeniser {
            case "gpt2": longest?.inkBytes
            case "llama": longest?.writtenBytes
            default: nil
            }
        return bytes.flatMap { $0 > 0 ? Int(clamping: $0) : nil }
    }

    package var pooling: Pooling? { self.shape("pooling_type").flatMap(Pooling.init(rawValue:)) }

    /// Whether it is the part that sees or hears (`mmproj`).
    package var isProjector: Bool {
        self.architecture == "clip" || self.metadata.text("general.type") == "mmproj"
    }

    /// What it is for, by what the file says.
    package var role: Role {
        if self.isProjector { return .projector }
        if let type = self.metadata.text("general.type"), type != "model" { return .other }
        if self.tensors.isEmpty { return .other }
        if self.pooling == .rank || self.tensors.contains(where: { $0.name == "cls.output.weight" }) { return .rerank }
        let isBidirectional = self.metadata.flag("\(self.architecture).attention.causal") == false
        if let pooling = self.pooling, pooling != .none { return .embedding }
        return isBidirectional || Self.embeddingArchitectures.contains(self.architecture) ? .embedding : .chat
    }

    /// Networks that only embed.
    /// - Source: llama.cpp's `llama-arch.cpp`.
    private static let embeddingArchitectures: Set<String> = [
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert",
        "gemma-embedding", "t5encoder",
    ]
}
