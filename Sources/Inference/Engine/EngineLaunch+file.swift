extension EngineLaunch {
    /// The longest text to embed or rank, in tokens, if the model supports it: the limit of Amazon Titan's models.
    package static let textTokensMax = 8192

    /// Sets what the engine does not determine itself, from the model's file. A file that cannot be read is left to the
    /// engine, which reports why.
    mutating func readFile() {
        guard self.purpose != .chat else { return }
        let file: GGUFFile
        do throws(GGUFError) {
            file = try GGUFFile.open(self.modelPath)
        } catch {
            return
        }
        self.read(file)
    }

    /// Takes the settings for embedding and ranking from a model's file.
    package mutating func read(_ file: GGUFFile) {
        if let trained = file.trainedContext {
            self.slotContextTokens = min(self.slotContextTokens, Int(clamping: trained))
        }
        // If the file does not specify pooling, the engine would return a vector for each token.
        if self.purpose == .embeddings, file.pooling == nil || file.pooling == GGUFFile.Pooling.none {
            self.pooling = file.metadata.flag("\(file.architecture).attention.causal") == false ? .mean : .last
        }
        // For models trained to answer "yes", the engine returns the probability of that word.
        self.givesProbabilities = file.architecture.hasPrefix("qwen3")
    }
}

extension GGUFFile.Role {
    /// The engine's purpose for such a file.
    package var purpose: EngineLaunch.Purpose {
        switch self {
        case .embedding: .embeddings
        case .rerank: .reranking
        case .chat, .projector, .other: .chat
        }
    }
}
