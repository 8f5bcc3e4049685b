import Foundation
import Inference
import TestSupport
import Testing

struct GGUFReaderTests {
    /// A small model with something of everything.
    static var model: GGUFBuilder {
        var builder = GGUFBuilder()
        builder.values += [
            ("general.name", .text("Test 1B")), ("general.file_type", .number(.uint32, 15)),
            ("llama.context_length", .number(.uint32, 8192)), ("llama.block_count", .number(.uint32, 2)),
            ("llama.embedding_length", .number(.uint64, 256)), ("llama.rope.freq_base", .number(.float32, 0x461C_4000)),
            ("llama.attention.head_count_kv", .numbers(.int32, [4, 0xFFFF_FFFF])),
            ("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.tokens", .texts(["a", "", "ä"])),
            ("tokenizer.chat_template", .text("{{ messages }}")), ("tokenizer.ggml.add_bos_token", .number(.bool, 1)),
        ]
        builder.tensors = [
            .init(name: "token_embd.weight", dimensions: [256, 3], type: TensorType.q4K.rawValue),
            .init(name: "blk.0.attn_q.weight", dimensions: [256, 256], type: TensorType.q4K.rawValue),
            .init(name: "blk.1.attn_norm.weight", dimensions: [255]),
        ]
        return builder
    }

    @Test func `a model says what it is`() throws {
        let file = try ScratchFolder().open(Self.model)
        #expect(file.name == "Test 1B")
        #expect(file.architecture == "llama")
        #expect(file.quantisation == "Q4_K_M")
        #expect(file.parameterCount == 768 + 65_536 + 255)
        #expect(file.trainedContext == 8192)
        #expect(file.layerCount == 2)
        #expect(file.shape("embedding_length") == 256)
        #expect(file.tokeniser == "gpt2")
        #expect(file.vocabularyCount == 3)
        #expect(file.metadata.text("tokenizer.chat_template") == "{{ messages }}")
        #expect(file.role == .chat)
        #expect(!file.isProjector)
        #expect(file.metadata.integers("llama.attention.head_count_kv") == [4, -1])
        #expect(file.metadata.number("llama.rope.freq_base") == 10_000)
        #expect(file.metadata.flag("tokenizer.ggml.add_bos_token") == true)
    }

    @Test func `tensors lie one behind the other, padded`() throws {
        let folder = try ScratchFolder.made()
        let file = try folder.open(Self.model)
        #expect(file.tensors.map(\.byteCount) == [432, 36_864, 1020] as [UInt64])
        #expect(file.tensors.map(\.layer) == [nil, 0, 1])
        let start = file.tensors[0].offset
        #expect(start % 32 == 0)
        #expect(file.tensors.map { $0.offset - start } == [0, 448, 37_312] as [UInt64])
        #expect(file.tensorBytes == 432 + 36_864 + 1020)
    }

    @Test(arguments: [2, 3] as [UInt32])
    func `versions 2 and 3 are read`(version: UInt32) throws {
        var builder = Self.model
        builder.version = version
        #expect(try ScratchFolder().open(builder).architecture == "llama")
    }

    @Test func `an alignment of its own is kept`() throws {
        var builder = Self.model
        builder.alignment = 256
        builder.values.append(("general.alignment", .number(.uint32, 256)))
        let file = try ScratchFolder().open(builder)
        #expect(file.tensors.allSatisfy { $0.offset % 256 == 0 })
    }

    @Test(
        arguments: [
            ("clip", [], .projector), ("bert", [], .embedding), ("qwen3", ["qwen3.pooling_type"], .embedding),
            ("llama", [], .chat),
        ] as [(String, [String], GGUFFile.Role)])
    func `what a file is for is told from its metadata`(
        architecture: String, pooled: [String], role: GGUFFile.Role
    ) throws {
        var builder = Self.model
        builder.values[0].1 = .text(architecture)
        builder.values += pooled.map { ($0, .number(.uint32, 3)) }
        #expect(try ScratchFolder().open(builder).role == role)
    }

    @Test func `without a file type the label is the type of most bytes`() throws {
        var builder = Self.model
        builder.values.remove(at: 2)
        #expect(try ScratchFolder().open(builder).quantisation == "Q4_K")
    }

    /// gguf-py's table, so that a slip of the pen shows.
    @Test(
        arguments: [
            (.q4Zero, 4.5), (.q8Zero, 8.5), (.q2K, 2.625), (.q3K, 3.4375), (.q4K, 4.5), (.q5K, 5.5), (.q6K, 6.5625),
            (.iq2XXS, 2.0625), (.iq2XS, 2.3125), (.iq3XXS, 3.0625), (.iq1S, 1.5625), (.iq4XS, 4.25), (.iq1M, 1.75),
            (.mxfp4, 4.25), (.nvfp4, 4.5), (.bf16, 16),
        ] as [(TensorType, Double)])
    func `each type has its bits`(type: TensorType, bits: Double) {
        #expect(Double(type.blockBytes * 8) / Double(type.blockElements) == bits)
    }

    @Test func `long texts and arrays are read over`() throws {
        var builder = Self.model
        let long = String(repeating: "x", count: Int(GGUFLimits.keptTextBytesMax) + 1)
        let many = [UInt64](repeating: 7, count: Int(GGUFLimits.keptElementsMax) + 1)
        builder.values += [("long", .text(long)), ("many", .numbers(.float32, many)), ("last", .number(.uint8, 9))]
        let file = try ScratchFolder().open(builder)
        #expect(file.metadata.values["long"] == .left(type: .string, count: UInt64(long.utf8.count)))
        #expect(file.metadata.elementCount("many") == UInt64(many.count))
        #expect(file.metadata.integer("last") == 9)
        #expect(file.tensors.count == 3)
    }

    @Test(
        arguments: [
            // Six letters of blanks and four others; the token of five letters is the longest in ink.
            ("gpt2", ["a", "\u{120}\u{120}\u{10A}\u{109}\u{10D}\u{120}word", "hello", "\u{120}four"], 5),
            // Other letters than ASCII are counted as they are written: Ã is one byte of a text, and two here.
            ("gpt2", ["Ã©Ã©", "<|im|>"], 8), ("llama", ["\u{2581}\u{2581}", "abc"], 6), ("bert", ["abc"], nil),
            ("t5", ["abc"], nil), ("gpt2", [], nil),
        ] as [(String, [String], Int?)])
    func `a vocabulary says how much of a text a token is at most`(
        tokeniser: String, tokens: [String], bytes: Int?
    ) throws {
        var builder = GGUFBuilder()
        // In either order: the kind may stand behind the tokens.
        builder.values += [("tokenizer.ggml.tokens", .texts(tokens)), ("tokenizer.ggml.model", .text(tokeniser))]
        builder.values.append(("other", .texts(["a text that is no token"])))
        let file = try ScratchFolder().open(builder)
        #expect(file.tokenInkBytesMax == bytes)
        #expect(file.vocabularyCount == UInt64(tokens.count))
    }

    @Test func `a token that is longer than what is kept is counted as it is written`() throws {
        var builder = GGUFBuilder()
        let bytes = Int(GGUFLimits.keptTextBytesMax) + 1
        let tokens = ["ab", String(repeating: "\u{120}", count: bytes / 2 + 1), "a"]
        builder.values += [("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.tokens", .texts(tokens))]
        #expect(try ScratchFolder().open(builder).tokenInkBytesMax == bytes + 1)
    }

    @Test func `a file that is not there is told with the system's reason`() {
        #expect(throws: GGUFError.self) { try GGUFFile.open("/nonexistent/model.gguf") }
        do throws(GGUFError) {
            _ = try GGUFFile.open("/nonexistent/model.gguf")
        } catch {
            #expect(error.kind == .unreadable(errno: 2))
            let sentence = "/nonexistent/model.gguf: the file cannot be opened: No such file or directory."
            #expect(error.description == sentence)
        }
    }

    @Test func `a directory is no model`() throws {
        let folder = try ScratchFolder.made()
        #expect(throws: GGUFError.self) { try GGUFFile.open(folder.path) }
    }
}
