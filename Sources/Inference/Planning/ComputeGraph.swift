/// The graph that the engine computes for one batch, as far as the sizes of its results are concerned.
///
/// Its steps and their order are those of llama.cpp for models of the usual kind (attention, then a dense network or
/// experts); the tensors show which steps a model has. Models of other kinds (state space, encoders) are treated as if
/// they were of this kind, which is an estimate.
struct ComputeGraph {
    /// Bytes of an element of an intermediate result.
    private static let numberBytes: UInt64 = 4

    private let shape: ModelShape
    private let settings: ChildSettings
    private var graph = GraphAllocator()

    /// The inputs of the graph besides the tokens.
    private struct Inputs {
        var positions: Int
        var mask: Int
        var slidingMask: Int
        var rows: Int
        var slidingRows: Int
        var outputs: Int
    }

    /// The inputs of a batch that mixes tokens and images.
    private struct MixedInputs {
        var tokens: Int
        /// Which tokens stand for vectors, the vectors, and their places among the tokens.
        var mixed: Int
        var vectors: Int
        var places: Int
    }

    /// The size of the engine's compute buffer.
    static func bytes(_ shape: ModelShape, _ settings: ChildSettings) -> UInt64 {
        var graph = ComputeGraph(shape: shape, settings: settings)
        graph.build()
        return graph.graph.peakBytes()
    }

    private init(shape: ModelShape, settings: ChildSettings) {
        self.shape = shape
        self.settings = settings
    }

    /// The tokens of one batch.
    private var tokens: UInt64 { self.settings.batchTokens }

    /// Tokens whose next token is computed: the last of each slot.
    private var outputs: UInt64 { min(UInt64(self.settings.slots), self.tokens) }

    private func bytes(_ width: UInt64, _ count: UInt64) -> UInt64 { Self.numberBytes * width * count }

    private mutating func build() {
        let mixed = self.mixedInputs()
        let inputs = self.inputs()
        let scales = self.shape.scalesEmbeddings
        // The input of the first layer is kept to the end.
        var hidden = self.graph.result(self.bytes(self.shape.width, self.tokens), mixed.tokens, isKept: !scales)
        self.mixedEmbeddings(mixed)
        if scales {
            let scale = self.graph.input(Self.numberBytes * self.tokens)
            hidden = self.graph.result(self.bytes(self.shape.width, self.tokens), hidden, scale, isKept: true)
        }
        var count = self.tokens
        for (index, layer) in self.shape.layers.enumerated() {
            let normed = self.norm(hidden, count)
            var attended = self.attention(layer, normed, inputs)
            if index == self.shape.layers.count - 1 {
                count = self.outputs
                attended = self.graph.result(self.bytes(self.shape.width, count), attended, inputs.outputs)
                hidden = self.graph.result(self.bytes(self.shape.width, count), hidden, inputs.outputs)
            }
            if self.shape.normsResults { attended = self.norm(attended, count) }
            let size = self.bytes(self.shape.width, count)
            let middle = self.graph.result(size, attended, hidden, isReusing: true)
            let entry = self.norm(middle, count)
            var output = layer.experts.map { self.experts($0, entry, count) } ?? self.dense(layer, entry, count)
            if self.shape.normsResults { output = self.norm(output, count) }
            hidden = self.graph.result(size, output, middle, isReusing: true)
        }
        let last = self.graph.result(self.bytes(self.shape.width, count), hidden)
        let result = self.graph.result(self.bytes(self.shape.width, count), last, isReusing: true, isKept: true)
        _ = self.graph.result(self.bytes(self.shape.vocabulary, count), result, isKept: true)
    }

    /// The engine reserves them for every batch.
    private mutating func mixedInputs() -> MixedInputs {
        MixedInputs(
            tokens: self.graph.input(4 * self.tokens), mixed: self.graph.input(4 * self.tokens, isKept: true),
            vectors: self.graph.input(self.bytes(self.shape.width, self.tokens), isKept: true),
            places: self.graph.input(8 * self.tokens, isKept: true))
    }

    private mutating func mixedEmbeddings(_ inputs: MixedInputs) {
        let size = self.bytes(self.shape.width, self.tokens)
        let found = self.graph.result(size, inputs.mixed)
        let given = self.graph.result(size, inputs.vectors, isKept: true)
        self.graph.store(found, inputs.places, given)
    }

    private mutating func inputs() -> Inputs {
        let cells = self.settings.cells(sliding: nil)
        let slidingCells = self.settings.cells(sliding: self.shape.slidingWindow)
        // Half-precision numbers; each token sees the cells of its own sequence.
        return Inputs(
            positions: self.graph.input(4 * self.tokens), mask: self.graph.input(2 * cells * self.tokens),
            slidingMask: self.shape.slidingWindow == nil ? 0 : self.graph.input(2 * slidingCells * self.tokens),
            rows: self.graph.input(8 * self.tokens),
            slidingRows: self.shape.slidingWindow == nil ? 0 : self.graph.input(8 * self.tokens),
            outputs: self.graph.input(4 * self.outputs))
    }

    private mutating func norm(_ source: Int, _ count: UInt64) -> Int {
        let size = self.bytes(self.shape.width, count)
        let normed = self.graph.result(size, source, isReusing: true)
        return self.graph.result(size, normed, isReusing: true)
    }

    private mutating func attention(_ layer: ModelShape.Layer, _ source: Int, _ inputs: Inputs) -> Int {
        let queryBytes = self.bytes(layer.heads * layer.keyLength, self.tokens)
        let keyBytes = self.bytes(layer.keyValueHeads * layer.keyLength, self.tokens)
        let valueBytes = self.bytes(layer.keyValueHeads * layer.valueLength, self.tokens)
        var query = self.projection(queryBytes, source, positions: inputs.positions, isNormed: layer.normsQueries)
        if self.shape.scalesQueries { query = self.graph.result(queryBytes, query, isReusing: true) }
        let key: Int
        let value: Int
        if self.shape.valuesComeFirst {
            value = self.projection(valueBytes, source, positions: nil, isNormed: false)
            key = self.projection(keyBytes, source, positions: inputs.positions, isNormed: layer.normsQueries)
        } else {
            key = self.projection(keyBytes, source, positions: inputs.positions, isNormed: layer.normsQueries)
            value = self.projection(valueBytes, source, positions: nil, isNormed: false)
        }
        let isSliding = layer.isSliding && self.shape.slidingWindow != nil
        let rows = isSliding ? inputs.slidingRows : inputs.rows
        let keyView = self.graph.view(key)
        self.graph.store(keyView, rows)
        let valueView = self.graph.view(value)
        self.graph.store(valueView, rows)
        let queryView = self.graph.view(query)
        let turned = self.graph.view(queryView)
        let mask = isSliding ? inputs.slidingMask : inputs.mask
        let seen = self.graph.result(self.bytes(layer.heads * layer.valueLength, self.tokens), turned, mask)
        let flat = self.graph.view(seen)
        let size = self.bytes(self.shape.width, self.tokens)
        let output = self.graph.result(size, flat)
        return layer.hasBiases ? self.graph.result(size, output, isReusing: true) : output
    }

    private mutating func projection(_ size: UInt64, _ source: Int, positions: Int?, isNormed: Bool) -> Int {
        var output = self.graph.result(size, source)
        if self.shape.layers.first?.hasBiases == true { output = self.graph.result(size, output, isReusing: true) }
        output = self.graph.view(output)
        if isNormed {
            output = self.graph.result(size, output, isReusing: true)
            output = self.graph.result(size, output, isReusing: true)
        }
        return positions.map { self.graph.result(size, output, $0, isReusing: true) } ?? output
    }

    private mutating func dense(_ layer: ModelShape.Layer, _ source: Int, _ count: UInt64) -> Int {
        let wide = self.bytes(layer.feedForward, count)
        let gate = self.graph.result(wide, source)
        let up = self.graph.result(wide, source)
        let both = self.graph.result(wide, gate, up)
        return self.graph.result(self.bytes(self.shape.width, count), both)
    }

    private mutating func experts(_ experts: ModelShape.Experts, _ source: Int, _ count: UInt64) -> Int {
        let each = self.bytes(experts.count, count)
        let chosen = self.bytes(experts.used, count)
        let wide = self.bytes(experts.feedForward * experts.used, count)
        let narrow = self.bytes(self.shape.width * experts.used, count)
        let scores = self.graph.result(each, source)
        let likely = self.graph.result(each, scores, isReusing: true)
        let likelyView = self.graph.view(likely)
        let order = self.graph.result(each, likely)
        let best = self.graph.view(order)
        let weights = self.graph.view(self.graph.result(chosen, likelyView, best))
        let sum = self.graph.result(self.bytes(1, count), weights)
        let shares = self.graph.view(self.graph.result(chosen, weights, sum, isReusing: true))
        let entry = self.graph.view(source)
        var gate = self.graph.result(wide, entry, best)
        if experts.hasBiases { gate = self.graph.result(wide, gate, best, isReusing: true) }
        var up = self.graph.result(wide, entry, best)
        if experts.hasBiases { up = self.graph.result(wide, up, best, isReusing: true) }
        let both = self.graph.result(wide, gate, up)
        var down = self.graph.result(narrow, both, best)
        if experts.hasBiases { down = self.graph.result(narrow, down, best, isReusing: true) }
        let weighted = self.graph.result(narrow, down, shares, isReusing: true)
        let parts = (0..<max(1, experts.used)).map { _ in self.graph.view(weighted) }
        let size = self.bytes(self.shape.width, count)
        return parts.dropFirst().reduce(parts[0]) { sum, part in
            self.graph.result(size, sum, part, isReusing: true)
        }
    }
}
