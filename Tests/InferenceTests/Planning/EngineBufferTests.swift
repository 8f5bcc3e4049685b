import Foundation
import Inference
import TestSupport
import Testing

/// The planner's estimates beside what the engine itself logged for the same shapes and settings.
struct EngineBufferTests {
    /// What the engine said for one setting, in bytes.
    struct Measurement {
        var shape: ShapeLine
        var settings: ChildSettings
        var weights: Double
        var cache: Double
        var compute: Double
    }

    static let mebibyte = 1_048_576.0

    static func measurements() throws -> [Measurement] {
        var shape: ShapeLine?
        var found: [Measurement] = []
        for line in EngineBuffers.text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "shape" {
                shape = try ShapeLine(Array(words.dropFirst()))
                continue
            }
            let slots = try #require(Int(words[1]))
            let settings = ChildSettings(
                slots: slots, contextPerSlot: try #require(UInt64(words[0])) / UInt64(slots),
                isUnified: words[3] == "1", cacheType: try #require(ChildSettings.CacheType(rawValue: words[4])),
                batchTokens: try #require(UInt64(words[2])), deviceLayers: 0)
            found.append(
                Measurement(
                    shape: try #require(shape), settings: settings,
                    weights: try #require(Double(words[5])) * Self.mebibyte,
                    cache: try #require(Double(words[6])) * Self.mebibyte,
                    compute: try #require(Double(words[7])) * Self.mebibyte))
        }
        return found
    }

    @Test func `weights, cache and total are within two per cent of the engine's log, its buffer within five`() throws {
        let measurements = try Self.measurements()
        #expect(measurements.count >= 100)
        var worst = (weights: 0.0, cache: 0.0, compute: 0.0, total: 0.0)
        var shapes: [String: ModelShape] = [:]
        for measured in measurements {
            let shape = try shapes[measured.shape.name] ?? measured.shape.modelShape()
            shapes[measured.shape.name] = shape
            let estimate = MemoryEstimate(shape, measured.settings)
            let cache = Double(estimate.hostCache)
            let compute = Double(estimate.compute)
            let weights = Double(estimate.hostWeights)
            let place: Comment = "\(measured.shape.name) \(measured.settings)"
            // The engine logs weights in whole MiB.
            #expect(abs(weights - measured.weights) <= max(0.02 * measured.weights, Self.mebibyte), place)
            #expect(abs(cache - measured.cache) <= 0.02 * measured.cache, place)
            // Where the network is narrower than the model, which no known family is, attention decides the size, and
            // the engine finds its holes in another order than is played here.
            let isNarrow = shape.layers[0].experts == nil && shape.layers[0].feedForward < shape.width
            let share = isNarrow ? 0.2 : 0.05
            #expect(abs(compute - measured.compute) <= max(share * measured.compute, Self.mebibyte), place)
            let total = measured.weights + measured.cache + measured.compute
            if !isNarrow { #expect(abs(weights + cache + compute - total) <= 0.02 * total, place) }
            worst.weights = max(worst.weights, abs(weights / measured.weights - 1))
            worst.cache = max(worst.cache, abs(cache / measured.cache - 1))
            if !isNarrow { worst.compute = max(worst.compute, abs(compute / measured.compute - 1)) }
            if !isNarrow { worst.total = max(worst.total, abs((weights + cache + compute) / total - 1)) }
        }
        print("planner against \(EngineBuffers.version), largest differences: \(worst)")
    }
}

/// The shape of a model as Tests/Acceptance/gguf_shapes.py writes it, from a line of `EngineBuffers`.
struct ShapeLine {
    let name: String
    private let architecture: String
    private let numbers: [UInt64]
    private let kind: UInt32
    private let expertKind: UInt32

    init(_ words: [String]) throws {
        self.name = words[0]
        self.architecture = words[1]
        self.numbers = words[2..<14].compactMap { UInt64($0) }
        self.kind = try Self.type(words[14])
        self.expertKind = try Self.type(words[15])
        try #require(self.numbers.count == 12)
    }

    private static func type(_ name: String) throws -> UInt32 {
        try #require(TensorType.allCases.first { $0.label == name.uppercased() }).rawValue
    }

    /// The planner's view of it, by way of a file of zeros.
    func modelShape() throws -> ModelShape {
        var builder = GGUFBuilder()
        builder.values = [("general.architecture", .text(self.architecture))]
        let keys = [
            "block_count", "embedding_length", "attention.head_count", "attention.head_count_kv",
            "attention.key_length", "feed_forward_length", "vocab_size", "expert_count", "expert_used_count",
            "expert_feed_forward_length", "attention.sliding_window",
        ]
        for (key, number) in zip(keys, self.numbers) where number > 0 {
            builder.values.append(("\(self.architecture).\(key)", .number(.uint32, number)))
        }
        builder.values.append(("\(self.architecture).attention.value_length", .number(.uint32, self.numbers[4])))
        builder.tensors = self.tensors()
        let folder = try ScratchFolder.made()
        let path = try folder.write(builder.bytes)
        // The weights are zeros that take no room on the disk.
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: UInt64(builder.bytes.count) + builder.tensors.reduce(0) { $0 + $1.size + 32 })
        try file.close()
        return try ModelShape(GGUFFile.open(path))
    }

    private func tensors() -> [GGUFBuilder.Tensor] {
        let (width, heads, keyHeads, head) = (self.numbers[1], self.numbers[2], self.numbers[3], self.numbers[4])
        let (wide, vocabulary) = (self.numbers[5], self.numbers[6])
        let matrix = self.kind
        var found: [GGUFBuilder.Tensor] = [
            .init(name: "token_embd.weight", dimensions: [width, vocabulary], type: matrix),
            .init(name: "output_norm.weight", dimensions: [width]),
        ]
        if self.numbers[11] == 0, self.architecture != "gemma3" {
            found.append(.init(name: "output.weight", dimensions: [width, vocabulary], type: matrix))
        }
        for layer in 0..<self.numbers[0] {
            func add(_ name: String, _ dimensions: UInt64..., type: UInt32 = TensorType.f32.rawValue) {
                found.append(.init(name: "blk.\(layer).\(name)", dimensions: dimensions, type: type))
            }
            add("attn_norm.weight", width)
            add("attn_q.weight", width, heads * head, type: matrix)
            add("attn_k.weight", width, keyHeads * head, type: matrix)
            add("attn_v.weight", width, keyHeads * head, type: matrix)
            add("attn_output.weight", heads * head, width, type: matrix)
            if ["qwen3moe", "gemma3"].contains(self.architecture) { add("attn_q_norm.weight", head) }
            if self.architecture == "gpt-oss" { add("attn_output.bias", width) }
            if self.numbers[7] > 0 {
                let (experts, narrow) = (self.numbers[7], self.numbers[9])
                add("ffn_gate_inp.weight", width, experts)
                add("ffn_gate_exps.weight", width, narrow, experts, type: self.expertKind)
                add("ffn_up_exps.weight", width, narrow, experts, type: self.expertKind)
                add("ffn_down_exps.weight", narrow, width, experts, type: self.expertKind)
                if self.architecture == "gpt-oss" { add("ffn_up_exps.bias", narrow, experts) }
            } else {
                add("ffn_gate.weight", width, wide, type: matrix)
                add("ffn_up.weight", width, wide, type: matrix)
                add("ffn_down.weight", wide, width, type: matrix)
            }
        }
        return found
    }
}
