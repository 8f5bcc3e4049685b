internal import Primitives
internal import ServiceModel

/// Converts an embedding model of the BERT family to a GGUF file, from the format of Hugging Face's libraries: a
/// directory with `config.json`, `vocab.txt` and `model.safetensors`, such as all-MiniLM-L6-v2.
///
/// Matrices are stored in half precision, everything else in single precision. The pooling is that of
/// `1_Pooling/config.json`: the mean, or the first token's vector.
/// - Source: llama.cpp's `convert_hf_to_gguf.py`, `BertModel`, and `gguf-py`, `tensor_mapping.py`, for the names.
struct BertConversion {
    private static let vocabularyBytesMax = 16 << 20
    private static let configurationBytesMax = 1 << 20
    private static let vocabularyCountMax = 1_000_000
    static let layerCountMax = 256

    private static let outer = [
        "embeddings.word_embeddings.weight": "token_embd.weight",
        "embeddings.position_embeddings.weight": "position_embd.weight",
        "embeddings.token_type_embeddings.weight": "token_types.weight",
        "embeddings.LayerNorm.weight": "token_embd_norm.weight",
        "embeddings.LayerNorm.bias": "token_embd_norm.bias",
    ]
    private static let inner = [
        "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
        "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
        "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
    ]

    private let directory: String
    private let config: Document
    private let vocabulary: [String]
    private let weights: SafetensorsFile

    /// - Throws: `.unknown` when a file is missing, `.usage` for a model of another kind.
    init(directory: String) throws(RegistryError) {
        self.directory = directory
        self.config = try Self.json("\(directory)/config.json")
        guard self.config["model_type"]?.text == "bert" else {
            throw RegistryError(
                .usage,
                "\(directory) is a model of type \(self.config["model_type"]?.text ?? "unknown"), but only bert can be "
                    + "converted here; llama.cpp's convert_hf_to_gguf.py converts others")
        }
        guard let bytes = try Disk.read("\(directory)/vocab.txt", bytesMax: Self.vocabularyBytesMax) else {
            throw RegistryError(.unknown, "there is no \(directory)/vocab.txt")
        }
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.vocabulary = lines.map(String.init)
        self.weights = try SafetensorsFile("\(directory)/model.safetensors")
    }

    private static func json(_ path: String) throws(RegistryError) -> Document {
        guard let bytes = try Disk.read(path, bytesMax: self.configurationBytesMax) else {
            throw RegistryError(.unknown, "there is no \(path)")
        }
        guard let document = RegistryText.document(bytes) else {
            throw RegistryError(.damaged, "\(path) is not JSON")
        }
        return document
    }

    /// The content of the GGUF file.
    /// - Parameters:
    ///   - name: the model's name in it.
    ///   - progress: called with the bytes of tensors that were converted so far, and with those of all.
    /// - Returns: the whole file.
    /// - Throws: `.damaged` where a file is not as the others say, `.usage` for what is not supported.
    func output(
        name: String, _ progress: (_ done: Int64, _ total: Int64) -> Void = { _, _ in }
    ) throws(RegistryError) -> [UInt8] {
        var output = GGUFOutput()
        let layers = try self.number("num_hidden_layers", 1...Self.layerCountMax)
        output.add("general.architecture", .text("bert"))
        output.add("general.type", .text("model"))
        output.add("general.name", .text(name))
        output.add("general.file_type", .unsigned(1))
        output.add("bert.block_count", .unsigned(UInt32(layers)))
        for (key, member) in [
            ("context_length", "max_position_embeddings"), ("embedding_length", "hidden_size"),
            ("feed_forward_length", "intermediate_size"), ("attention.head_count", "num_attention_heads"),
        ] {
            output.add("bert.\(key)", .unsigned(UInt32(try self.number(member, 1...1_000_000))))
        }
        let epsilon = self.config["layer_norm_eps"]?.double ?? 1e-12
        output.add("bert.attention.layer_norm_epsilon", .float(Float(epsilon)))
        output.add("bert.attention.causal", .flag(false))
        output.add("bert.pooling_type", .unsigned(try self.pooling()))
        try self.addVocabulary(&output)
        try self.addTensors(&output, layers: layers, progress)
        return output.bytes
    }

    private func number(_ member: String, _ range: ClosedRange<Int>) throws(RegistryError) -> Int {
        guard let value = self.config[member]?.integer, range.contains(value) else {
            throw RegistryError(.damaged, "\(self.directory)/config.json has no valid \(member)")
        }
        return value
    }

    /// 1 is the mean of all tokens, 2 the first token.
    private func pooling() throws(RegistryError) -> UInt32 {
        let path = "\(self.directory)/1_Pooling/config.json"
        guard Files.facts(path) != nil else { return 1 }
        let config = try Self.json(path)
        if case .boolean(true)? = config["pooling_mode_cls_token"] { return 2 }
        guard case .boolean(true)? = config["pooling_mode_mean_tokens"] else {
            throw RegistryError(.usage, "\(path) asks for a pooling that the engine does not support")
        }
        return 1
    }

    private func addVocabulary(_ output: inout GGUFOutput) throws(RegistryError) {
        let size = try self.number("vocab_size", 1...Self.vocabularyCountMax)
        guard self.vocabulary.count <= size else {
            throw RegistryError(.damaged, "vocab.txt has \(self.vocabulary.count) words, but config.json says \(size)")
        }
        let padding = (self.vocabulary.count..<size).map { "[PAD\($0)]" }
        let words = self.vocabulary + padding
        let isSpecial: (String) -> Bool = { $0.hasPrefix("[") && $0.hasSuffix("]") }
        output.add("tokenizer.ggml.model", .text("bert"))
        output.add("tokenizer.ggml.pre", .text("default"))
        let types = self.config["type_vocab_size"] == nil ? 2 : try self.number("type_vocab_size", 1...1_000_000)
        output.add("tokenizer.ggml.token_type_count", .unsigned(UInt32(types)))
        // The engine marks the beginnings of words, the vocabulary their continuations.
        output.add(
            "tokenizer.ggml.tokens",
            .texts(
                words.map { word in
                    isSpecial(word) ? word : word.hasPrefix("##") ? String(word.dropFirst(2)) : "\u{2581}" + word
                }))
        let control = Set(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        output.add("tokenizer.ggml.token_type", .integers(words.map { control.contains($0) ? 3 : 1 }))
        for (key, word) in [
            ("unknown_token_id", "[UNK]"), ("seperator_token_id", "[SEP]"), ("padding_token_id", "[PAD]"),
            ("cls_token_id", "[CLS]"), ("mask_token_id", "[MASK]"),
            // The tokens that the engine adds around a text; by default it uses their positions in BERT's own
            // vocabulary.
            ("bos_token_id", "[CLS]"), ("eos_token_id", "[SEP]"),
        ] {
            guard let id = self.vocabulary.firstIndex(of: word) else {
                throw RegistryError(.damaged, "vocab.txt has no \(word)")
            }
            output.add("tokenizer.ggml.\(key)", .unsigned(UInt32(id)))
        }
    }

    private func addTensors(
        _ output: inout GGUFOutput, layers: Int, _ progress: (_ done: Int64, _ total: Int64) -> Void
    ) throws(RegistryError) {
        var names: [(source: String, target: String)] = Self.outer.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        for layer in 0..<layers {
            for (source, target) in Self.inner.sorted(by: { $0.key < $1.key }) {
                for part in ["weight", "bias"] {
                    names.append(("encoder.layer.\(layer).\(source).\(part)", "blk.\(layer).\(target).\(part)"))
                }
            }
        }
        var found: [(target: String, tensor: SafetensorsFile.Tensor, isHalf: Bool)] = []
        var sourceBytes = 0
        for (source, target) in names {
            guard let tensor = self.weights.tensors[source] ?? self.weights.tensors["bert.\(source)"] else {
                throw RegistryError(.damaged, "\(self.weights.path) has no tensor \(source)")
            }
            let isTable = target == "position_embd.weight" || target == "token_types.weight"
            found.append((target: target, tensor: tensor, isHalf: tensor.shape.count == 2 && !isTable))
            sourceBytes += tensor.bytes.count
        }
        // Matrices do not grow, and they are nearly everything. Tensors that overlap in the file claim no more than it
        // has.
        output.reserve(tensorBytes: min(sourceBytes, Int(self.weights.bytes)))
        var done = 0
        for (target, tensor, isHalf) in found {
            progress(Int64(done), Int64(sourceBytes))
            output.add(tensor: target, shape: tensor.shape, try self.weights.numbers(tensor), isHalf: isHalf)
            done += tensor.bytes.count
        }
    }
}
