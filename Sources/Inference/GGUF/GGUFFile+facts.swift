/// Properties of a model file for users and for other parts of Brume.
extension GGUFFile {
    /// The purpose of a file.
    package enum Role: String, Sendable, Hashable {
        /// Generates text.
        case chat
        /// Converts texts to vectors.
        case embedding
        /// Scores how relevant a text is to a query.
        case rerank
        /// Encodes images or sounds for a chat model; belongs to one.
        case projector
        /// An adapter (LoRA), or something else that cannot be loaded by itself.
        case other
    }

    /// How an embedding model derives one vector from a text.
    /// - Source: llama.cpp's `enum llama_pooling_type`.
    package enum Pooling: UInt64, Sendable, Hashable {
        case none = 0
        case mean = 1
        case cls = 2
        case last = 3
        case rank = 4
    }

    /// The name given by the model's authors.
    package var name: String? { self.metadata.text("general.name") }

    /// Such as `Q4_K_M`.
    package var quantisation: String {
        QuantisationLabel.label(fileType: self.metadata.integer("general.file_type"), tensors: self.tensors)
    }

    /// The total number of parameters.
    package var parameterCount: UInt64 { self.tensors.reduce(0) { $0 &+ $1.elementCount } }

    /// A number of the model's architecture, such as `block_count`.
    package func shape(_ key: String) -> UInt64? { self.metadata.integer("\(self.architecture).\(key)") }

    /// The context length in training, in tokens.
    package var trainedContext: UInt64? { self.shape("context_length") }

    /// The number of layers.
    package var layerCount: UInt64? { self.shape("block_count") }

    /// The kind of tokeniser, such as `gpt2` (byte-level BPE), `llama` (SentencePiece) or `bert` (WordPiece).
    package var tokeniser: String? { self.metadata.text("tokenizer.ggml.model") }

    /// The size of the vocabulary.
    package var vocabularyCount: UInt64? {
        self.metadata.elementCount("tokenizer.ggml.tokens") ?? self.shape("vocab_size")
    }

    /// The maximum number of bytes of a text, not counting white space, that one token represents: a text has at least
    /// its bytes divided by this number of tokens. Nil for tokenisers that skip parts of a text, or map unknown text to
    /// a single token.
    ///
    /// Byte-level BPE has a token for each byte, SentencePiece's BPE falls back to bytes; special tokens are written as
    /// they occur in texts, and absorb only white space around them.
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

    /// Whether it is a projector for images or sound (`mmproj`).
    package var isProjector: Bool {
        self.architecture == "clip" || self.metadata.text("general.type") == "mmproj"
    }

    /// The purpose, according to the file's content.
    package var role: Role {
        if self.isProjector { return .projector }
        if let type = self.metadata.text("general.type"), type != "model" { return .other }
        if self.tensors.isEmpty { return .other }
        if self.pooling == .rank || self.tensors.contains(where: { $0.name == "cls.output.weight" }) { return .rerank }
        let isBidirectional = self.metadata.flag("\(self.architecture).attention.causal") == false
        if let pooling = self.pooling, pooling != .none { return .embedding }
        return isBidirectional || Self.embeddingArchitectures.contains(self.architecture) ? .embedding : .chat
    }

    /// Architectures that are only used for embeddings.
    /// - Source: llama.cpp's `llama-arch.cpp`.
    private static let embeddingArchitectures: Set<String> = [
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert",
        "gemma-embedding", "t5encoder",
    ]
}
