/// The properties that determine a model's memory and speed: from its file, without the weights.
package struct ModelShape: Sendable, Equatable {
    /// The experts of a layer, of which only some are used for each token.
    package struct Experts: Sendable, Equatable {
        package var count: UInt64
        /// Experts used for each token.
        package var used: UInt64
        package var feedForward: UInt64
        package var hasBiases: Bool
    }

    /// One layer.
    package struct Layer: Sendable, Equatable {
        package var heads: UInt64
        /// Heads whose keys and values are cached; 0 in a layer without a cache.
        package var keyValueHeads: UInt64
        package var keyLength: UInt64
        /// 0 if the values are part of the keys (multi-head latent attention).
        package var valueLength: UInt64
        package var feedForward: UInt64
        package var experts: Experts?
        /// Whether it attends to the last `slidingWindow` tokens only.
        package var isSliding: Bool
        /// The state that a state-space layer keeps for each sequence, in bytes.
        package var stateBytes: UInt64
        package var normsQueries: Bool
        package var hasBiases: Bool
        /// The size of its weights without those of the experts.
        package var bytes: UInt64
        package var expertBytes: UInt64
        /// The size of its largest tensor.
        package var largestTensorBytes: UInt64
    }

    package var architecture: String
    package var layers: [Layer]
    /// The size of a token's vector.
    package var width: UInt64
    package var vocabulary: UInt64
    /// The context length in training; nil when the file does not specify it.
    package var trainedContext: UInt64?
    /// The window of sliding layers in tokens; nil without such layers.
    package var slidingWindow: UInt64?
    /// The size of the token embeddings, which stay on the host.
    package var embeddingBytes: UInt64
    /// The size of the output matrix and its norm; that of the embeddings if the model has no output matrix.
    package var outputBytes: UInt64
    /// Whether the output matrix is the same as the embeddings.
    package var isTied: Bool
    /// Whether the CPU keeps a second copy of the embeddings as output matrix, in another layout.
    package var copiesEmbeddings: Bool
    /// Whether results of attention and feed-forward network are normalised before they are added.
    package var normsResults: Bool
    package var scalesEmbeddings: Bool
    package var scalesQueries: Bool
    /// Whether the engine computes a layer's values before its keys.
    package var valuesComeFirst: Bool

    package var hasExperts: Bool { self.layers.contains { $0.experts != nil } }
}

/// Why a model cannot be planned.
package enum PlanningError: Error, Sendable, Equatable {
    /// The file lacks a value that the plan needs; a sentence.
    case unusableModel(String)
    /// A device profile is unknown or cannot be parsed; a sentence.
    case unknownDevice(String)

    package var sentence: String {
        switch self {
        case .unusableModel(let sentence), .unknownDevice(let sentence): sentence
        }
    }
}
