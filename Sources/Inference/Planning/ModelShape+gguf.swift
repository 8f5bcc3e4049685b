extension ModelShape {
    /// The maximum number of layers; the deepest known models have some hundred.
    package static let layersMax: UInt64 = 1_024

    /// Limits on a shape: with those of `Admission`, no product overflows, and planning is always fast.
    private static let numberMax: UInt64 = 1 << 24
    private static let headsWidthMax: UInt64 = 1 << 20
    private static let networkMax: UInt64 = 1 << 22
    private static let stateMax: UInt64 = 1 << 16
    private static let kernelMax: UInt64 = 1 << 8
    private static let expertsMax: UInt64 = 4_096
    private static let expertsUsedMax: UInt64 = 64

    /// The interval of layers that attend to all tokens, for architectures whose files do not specify it.
    /// - Source: llama.cpp's `llama-model.cpp`, `set_swa_pattern` of each architecture.
    private static let slidingPatterns: [String: UInt64] = [
        "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gemma-embedding": 6, "gpt-oss": 2, "cohere2": 4, "olmo2": 4,
        "exaone4": 4,
    ]

    /// The shape of a chat or embedding model.
    package init(_ file: GGUFFile) throws(PlanningError) {
        let numbers = Numbers(file)
        let layerCount = try numbers.required("block_count")
        guard (1...Self.layersMax).contains(layerCount) else {
            throw .unusableModel("\"block_count\" is \(layerCount), and 1 to \(Self.layersMax) layers are planned")
        }
        self.architecture = file.architecture
        self.width = try numbers.required("embedding_length")
        try Self.check(self.width, "embedding_length", Self.headsWidthMax)
        guard let vocabulary = file.vocabularyCount, vocabulary > 0, vocabulary < Self.numberMax else {
            throw .unusableModel("the model does not state the size of its vocabulary")
        }
        self.vocabulary = vocabulary
        self.trainedContext = file.trainedContext
        self.layers = []
        self.embeddingBytes = 0
        self.outputBytes = 0
        let names = Set(file.tensors.map(\.name))
        self.isTied = !names.contains("output.weight")
        let embeddings = file.tensors.first { $0.name == "token_embd.weight" }
        self.copiesEmbeddings = self.isTied && (embeddings?.type.blockElements ?? 1) > 1
        self.normsResults = file.architecture.hasPrefix("gemma") && file.architecture != "gemma"
        self.scalesEmbeddings = file.architecture.hasPrefix("gemma")
        self.scalesQueries = file.architecture.hasPrefix("gemma")
        self.valuesComeFirst = !(file.architecture.hasPrefix("gemma") || file.architecture == "gpt-oss")
        let sliding = SlidingLayers(file, layerCount, pattern: Self.slidingPatterns[file.architecture])
        self.slidingWindow = sliding.window
        for index in 0..<Int(layerCount) {
            self.layers.append(try Self.layer(index, numbers, file, names, isSliding: sliding.isSliding(index)))
        }
        self.addBytes(file.tensors)
    }

    private static func layer(
        _ index: Int, _ numbers: Numbers, _ file: GGUFFile, _ names: Set<String>, isSliding: Bool
    ) throws(PlanningError) -> Layer {
        let heads = try numbers.perLayer("attention.head_count", index) ?? 0
        let keyValueHeads = try numbers.perLayer("attention.head_count_kv", index) ?? heads
        let width = try numbers.required("embedding_length")
        let head = heads > 0 ? width / heads : 0
        let isLatent = try numbers.optional("attention.key_length_mla") != nil
        let prefix = "blk.\(index)."
        let stateBytes = try Self.stateBytes(numbers, keepsKeys: keyValueHeads > 0, index)
        let isState = stateBytes > 0
        var experts: Experts?
        if let count = try numbers.optional("expert_count"), count > 0,
            names.contains(prefix + "ffn_up_exps.weight") || names.contains(prefix + "ffn_gate_up_exps.weight")
        {
            let denseForward = try numbers.perLayer("feed_forward_length", index) ?? 0
            experts = Experts(
                count: count, used: min(count, max(1, try numbers.optional("expert_used_count") ?? 1)),
                feedForward: try numbers.optional("expert_feed_forward_length") ?? denseForward,
                hasBiases: names.contains(prefix + "ffn_up_exps.bias"))
        }
        let keyLength = try numbers.optional("attention.key_length") ?? head
        let valueLength = isLatent ? 0 : try numbers.optional("attention.value_length") ?? head
        let feedForward = try numbers.perLayer("feed_forward_length", index) ?? 0
        try Self.check(max(heads, keyValueHeads), "attention.head_count", Self.headsWidthMax)
        try Self.check(max(keyLength, valueLength), "attention.key_length", Self.headsWidthMax)
        try Self.check(max(heads, keyValueHeads) * max(keyLength, valueLength), "attention", Self.headsWidthMax)
        try Self.check(feedForward, "feed_forward_length", Self.networkMax)
        if let experts {
            try Self.check(experts.count, "expert_count", Self.expertsMax)
            try Self.check(experts.used, "expert_used_count", Self.expertsUsedMax)
            try Self.check(experts.feedForward, "expert_feed_forward_length", Self.networkMax)
        }
        return Layer(
            heads: heads, keyValueHeads: isState ? 0 : isLatent ? 1 : keyValueHeads,
            keyLength: keyLength, valueLength: valueLength, feedForward: feedForward, experts: experts,
            isSliding: isSliding, stateBytes: stateBytes,
            normsQueries: names.contains(prefix + "attn_q_norm.weight"),
            hasBiases: names.contains(prefix + "attn_output.bias"), bytes: 0, expertBytes: 0, largestTensorBytes: 0)
    }

    /// The state of a layer that keeps a state instead of keys and values, in numbers of four bytes.
    /// - Source: llama.cpp's `llama-hparams.cpp`, `n_embd_r` and `n_embd_s`; not compared with the engine's log.
    private static func stateBytes(_ numbers: Numbers, keepsKeys: Bool, _ index: Int) throws(PlanningError) -> UInt64 {
        guard let state = try numbers.optional("ssm.state_size"), let inner = try numbers.optional("ssm.inner_size")
        else { return 0 }
        if let every = try numbers.optional("full_attention_interval"), every > 0 {
            if (UInt64(index) + 1) % every == 0 { return 0 }
        } else if keepsKeys {
            return 0
        }
        let kernel = max(1, try numbers.optional("ssm.conv_kernel") ?? 4)
        let groups = try numbers.optional("ssm.group_count") ?? 0
        try Self.check(max(state, inner, groups), "ssm", Self.stateMax)
        try Self.check(kernel, "ssm.conv_kernel", Self.kernelMax)
        return 4 * ((kernel - 1) * (inner + 2 * groups * state) + state * inner)
    }

    private static func check(_ value: UInt64, _ key: String, _ most: UInt64) throws(PlanningError) {
        guard value <= most else { throw .unusableModel("\"\(key)\" of the model is \(value), more than \(most)") }
    }

    private mutating func addBytes(_ tensors: [GGUFTensor]) {
        for tensor in tensors {
            if let layer = tensor.layer {
                guard self.layers.indices.contains(layer) else { continue }
                if tensor.name.hasSuffix("_exps.weight") || tensor.name.hasSuffix("_exps.bias") {
                    self.layers[layer].expertBytes += tensor.byteCount
                } else {
                    self.layers[layer].bytes += tensor.byteCount
                }
                let largest = max(self.layers[layer].largestTensorBytes, tensor.byteCount)
                self.layers[layer].largestTensorBytes = largest
            } else if tensor.name.hasPrefix("output") {
                self.outputBytes += tensor.byteCount
            } else {
                self.embeddingBytes += tensor.byteCount
                if self.isTied, tensor.name == "token_embd.weight" { self.outputBytes += tensor.byteCount }
            }
        }
    }

    /// Reads numbers of the model's shape and checks their range.
    private struct Numbers {
        let file: GGUFFile

        init(_ file: GGUFFile) { self.file = file }

        func optional(_ key: String) throws(PlanningError) -> UInt64? {
            guard let value = self.file.shape(key) else { return nil }
            guard value < ModelShape.numberMax else {
                throw .unusableModel("\"\(self.file.architecture).\(key)\" has the impossible value \(value)")
            }
            return value
        }

        func required(_ key: String) throws(PlanningError) -> UInt64 {
            guard let value = try self.optional(key), value > 0 else {
                throw .unusableModel("\"\(self.file.architecture).\(key)\" is missing, so no plan can be made")
            }
            return value
        }

        /// A number for all layers, or the layer's element of an array.
        func perLayer(_ key: String, _ index: Int) throws(PlanningError) -> UInt64? {
            guard let values = self.file.metadata.integers("\(self.file.architecture).\(key)") else {
                return try self.optional(key)
            }
            guard index < values.count, let value = UInt64(exactly: values[index]), value < ModelShape.numberMax else {
                throw .unusableModel("\"\(self.file.architecture).\(key)\" has no number for layer \(index)")
            }
            return value
        }
    }
}

/// The layers with sliding-window attention.
private struct SlidingLayers {
    private(set) var window: UInt64?
    private var pattern: UInt64 = 0
    private var flags: [Int64] = []

    init(_ file: GGUFFile, _ layerCount: UInt64, pattern: UInt64?) {
        guard let window = file.shape("attention.sliding_window"), (1..<(1 << 24)).contains(window) else { return }
        let key = "\(file.architecture).attention.sliding_window_pattern"
        if let flags = file.metadata.integers(key), flags.count >= layerCount {
            self.flags = flags
        } else if let every = file.metadata.integer(key) ?? pattern, every > 0 {
            self.pattern = every
        } else {
            // For architectures that are not in the table, the engine keeps all tokens.
            return
        }
        self.window = window
    }

    func isSliding(_ index: Int) -> Bool {
        guard self.window != nil else { return false }
        if !self.flags.isEmpty { return self.flags[index] != 0 }
        return UInt64(index) % self.pattern < self.pattern - 1
    }
}
