extension EngineLaunch {
    /// Tokens of one text to embed or to rank, where the model takes so many: what Amazon Titan's models take.
    package static let textTokensMax = 8192

    /// Takes over from the model's file what an engine does not find out by itself. A file that cannot be read is left
    /// to the engine, which says why.
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

    /// What a model's file says of how its texts are computed.
    package mutating func read(_ file: GGUFFile) {
        if let trained = file.trainedContext {
            self.slotContextTokens = min(self.slotContextTokens, Int(clamping: trained))
        }
        // Without a word in the file the engine would give a vector for each token.
        if self.purpose == .embeddings, file.pooling == nil || file.pooling == GGUFFile.Pooling.none {
            self.pooling = file.metadata.flag("\(file.architecture).attention.causal") == false ? .mean : .last
        }
        // The engine gives the probability of the word "yes" for models that were trained to say it.
        self.givesProbabilities = file.architecture.hasPrefix("qwen3")
    }
}

extension GGUFFile.Role {
    /// What an engine is asked to do with such a file.
    package var purpose: EngineLaunch.Purpose {
        switch self {
        case .embedding: .embeddings
        case .rerank: .reranking
        case .chat, .projector, .other: .chat
        }
    }
}
