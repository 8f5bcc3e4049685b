/// What decides a model's need of memory and its speed: taken from its file, without the weights.
package struct ModelShape: Sendable, Hashable {
    /// The part of a layer of which only some are used for each token.
    package struct Experts: Sendable, Hashable {
        package var count: UInt64
        /// Experts that each token uses.
        package var used: UInt64
        package var feedForward: UInt64
        package var hasBiases: Bool
    }

    /// One layer.
    package struct Layer: Sendable, Hashable {
        package var heads: UInt64
        /// Heads whose keys and values are kept; 0 in a layer that keeps none.
        package var keyValueHeads: UInt64
        package var keyLength: UInt64
        /// 0 where the values are a part of the keys (multi-head latent attention).
        package var valueLength: UInt64
        package var feedForward: UInt64
        package var experts: Experts?
        /// Whether it sees the last `slidingWindow` tokens only.
        package var isSliding: Bool
        /// Bytes of the state that a layer of the state-space kind keeps for each sequence.
        package var stateBytes: UInt64
        package var normsQueries: Bool
        package var hasBiases: Bool
        /// Bytes of its weights without the experts'.
        package var bytes: UInt64
        package var expertBytes: UInt64
        /// Bytes of its largest single tensor.
        package var largestTensorBytes: UInt64
    }

    package var architecture: String
    package var layers: [Layer]
    /// Numbers in the vector of a token.
    package var width: UInt64
    package var vocabulary: UInt64
    /// Tokens of the longest text that it was trained on; nil when the file does not say it.
    package var trainedContext: UInt64?
    /// Tokens that sliding layers see; nil when there are none.
    package var slidingWindow: UInt64?
    /// Bytes of the vectors of the tokens, which stay with the host.
    package var embeddingBytes: UInt64
    /// Bytes of the last matrix and its norm; the embeddings' again when the model has no matrix of its own.
    package var outputBytes: UInt64
    /// Whether the last matrix is the embeddings' over again.
    package var isTied: Bool
    /// Whether the processor keeps a second copy of the embeddings for the last matrix, in another order.
    package var copiesEmbeddings: Bool
    /// Whether results of attention and network are normed before they are added.
    package var normsResults: Bool
    package var scalesEmbeddings: Bool
    package var scalesQueries: Bool
    /// Whether the engine computes a layer's values before its keys.
    package var valuesComeFirst: Bool

    /// Bytes of all weights, as they lie in the file.
    package var weightBytes: UInt64 {
        self.layers.reduce(self.embeddingBytes + (self.isTied ? 0 : self.outputBytes)) {
            $0 + $1.bytes + $1.expertBytes
        }
    }

    package var hasExperts: Bool { self.layers.contains { $0.experts != nil } }
}

/// Why no plan can be made of a model.
package enum PlanningError: Error, Sendable, Hashable {
    /// The file lacks what the plan needs; a sentence.
    case unusableModel(String)
    /// A profile of a device that is not known or cannot be read; a sentence.
    case unknownDevice(String)

    package var sentence: String {
        switch self {
        case .unusableModel(let sentence), .unknownDevice(let sentence): sentence
        }
    }
}
