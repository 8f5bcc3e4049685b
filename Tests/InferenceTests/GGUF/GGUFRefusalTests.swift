import Inference
import TestSupport
import Testing

/// Files that are not taken, each with where and why.
struct GGUFRefusalTests {
    private func expect(
        _ kind: GGUFError.Kind, _ part: String, _ location: SourceLocation = #_sourceLocation,
        _ change: (inout GGUFBuilder) -> Void
    ) throws {
        var builder = GGUFReaderTests.model
        change(&builder)
        let error = try ScratchFolder().refusal(builder.bytes)
        #expect(error?.kind == kind, sourceLocation: location)
        let text = error?.description ?? "taken"
        #expect(text.contains(part), "\(text)", sourceLocation: location)
    }

    @Test func `what does not begin with GGUF`() throws {
        try self.expect(.notGGUF, "does not begin with \"GGUF\"") { $0.magic = Array("GGML".utf8) }
        #expect(try ScratchFolder().refusal([])?.kind == .notGGUF)
        #expect(try ScratchFolder().refusal([0x47, 0x47])?.kind == .notGGUF)
    }

    @Test func `big endian and unknown versions, by name`() throws {
        try self.expect(.bigEndian, "is big-endian") { $0.version = 0x0300_0000 }
        try self.expect(.unsupported, "GGUF version 1 is not supported") { $0.version = 1 }
        try self.expect(.unsupported, "GGUF version 4 is not supported") { $0.version = 4 }
    }

    @Test func `counts that the file cannot hold`() throws {
        try self.expect(.truncated, "a table of 200000 tensors should follow") { $0.tensorCount = 200_000 }
        try self.expect(.tooLarge, "tensors are more than 262144") { $0.tensorCount = .max }
        try self.expect(.truncated, "a table of 65536 metadata keys should follow") { $0.metadataCount = 65_536 }
        try self.expect(.tooLarge, "metadata keys are more than 65536") { $0.metadataCount = 65_537 }
    }

    @Test func `texts and arrays that the file cannot hold`() throws {
        let huge = GGUFBuilder.little(1 << 62, 8)
        try self.expect(.truncated, "a text of 4611686018427387904 bytes should follow") {
            $0.values.append(("k", .raw(8, huge)))
        }
        try self.expect(.truncated, "an array of 4611686018427387904 elements") {
            $0.values.append(("k", .raw(9, GGUFBuilder.little(0, 4) + huge)))
        }
        try self.expect(.malformed, "an array of 4611686018427387904 elements fits into no file") {
            $0.values.append(("k", .raw(9, GGUFBuilder.little(10, 4) + huge)))
        }
        try self.expect(.truncated, "(in the value of \"k\"") {
            $0.values.append(("k", .raw(9, GGUFBuilder.little(8, 4) + huge.reversed() + huge)))
        }
    }

    @Test func `values of unknown types, arrays of arrays and flags of two`() throws {
        try self.expect(.unsupported, "metadata type 13 is not known (in the value of \"k\"") {
            $0.values.append(("k", .raw(13, [])))
        }
        try self.expect(.unsupported, "arrays of arrays") {
            $0.values.append(("k", .raw(9, GGUFBuilder.little(9, 4))))
        }
        try self.expect(.malformed, "a flag is 0 or 1, not 2") { $0.values.append(("k", .number(.bool, 2))) }
    }

    @Test func `keys and names that are empty, doubled, too long or no text`() throws {
        try self.expect(.malformed, "a metadata key is empty") { $0.values.append(("", .number(.uint8, 1))) }
        try self.expect(.malformed, "the key \"general.name\" occurs twice") {
            $0.values.append(("general.name", .number(.uint8, 1)))
        }
        try self.expect(.tooLarge, "a metadata key of 65536 bytes is longer than 65535") {
            $0.values.append((String(repeating: "k", count: 65_536), .number(.uint8, 1)))
        }
        try self.expect(.tooLarge, "a tensor's name of 64 bytes is longer than 63") {
            $0.tensors[0].name = String(repeating: "t", count: 64)
        }
        try self.expect(.malformed, "two tensors are named \"blk.0.attn_q.weight\"") {
            $0.tensors[2].name = "blk.0.attn_q.weight"
        }
        try self.expect(.malformed, "a tensor's name is empty") { $0.tensors[0].name = "" }
    }

    @Test func `names from the file cannot write to the terminal`() throws {
        try self.expect(.malformed, "the key \"\u{FFFD}[2J\u{FFFD}\"") {
            $0.values += [("\u{1B}[2J\"", .number(.uint8, 1)), ("\u{1B}[2J\"", .number(.uint8, 1))]
        }
    }

    @Test func `tensors without numbers, with too many, of unknown types or broken blocks`() throws {
        try self.expect(.malformed, "1 to 4 dimensions, not 0") { $0.tensors[0].dimensions = [] }
        try self.expect(.malformed, "1 to 4 dimensions, not 5") { $0.tensors[0].dimensions = [1, 1, 1, 1, 1] }
        try self.expect(.malformed, "a dimension is 0") { $0.tensors[0].dimensions = [256, 0] }
        try self.expect(.malformed, "more than 2^63 - 1 numbers") { $0.tensors[0].dimensions = [256, 1 << 62] }
        try self.expect(.unsupported, "tensor type 4 is not known") { $0.tensors[0].type = 4 }
        try self.expect(.unsupported, "tensor type 4294967295 is not known") { $0.tensors[0].type = .max }
        try self.expect(.malformed, "rows of 255 are no whole blocks of 256") { $0.tensors[0].dimensions = [255] }
    }

    @Test func `tensors that lie elsewhere or behind the end`() throws {
        try self.expect(.malformed, "begins at 32 of the data instead of 448") { $0.tensors[1].offset = 32 }
        try self.expect(.truncated, "tensor \"blk.1.attn_norm.weight\" is cut off") {
            $0.tensors[2].dimensions = [1 << 40]
        }
        try self.expect(.truncated, "tensor \"blk.1.attn_norm.weight\" is cut off") {
            $0.tensors[2].dimensions = [1 << 60]
        }
    }

    @Test func `alignments that are none`() throws {
        try self.expect(.malformed, "a power of two") { $0.values.append(("general.alignment", .number(.uint32, 48))) }
        try self.expect(.malformed, "a power of two") { $0.values.append(("general.alignment", .number(.uint32, 0))) }
        try self.expect(.malformed, "a power of two") { $0.values.append(("general.alignment", .text("32"))) }
        try self.expect(.tooLarge, "more than 1048576") {
            $0.values.append(("general.alignment", .number(.uint32, 1 << 21)))
        }
    }

    @Test func `a model without an architecture`() throws {
        try self.expect(.malformed, "\"general.architecture\" is missing") { $0.values.removeFirst() }
    }

    @Test func `a file that ends early is refused wherever it ends`() throws {
        let folder = try ScratchFolder.made()
        var builder = GGUFReaderTests.model
        builder.tensors.removeSubrange(1...)
        let bytes = builder.bytes
        // The last tensor's padding may be missing.
        let needed = bytes.count - 16
        #expect(try folder.refusal(Array(bytes.prefix(needed))) == nil)
        for count in 4..<needed {
            let error = try folder.refusal(Array(bytes.prefix(count)))
            #expect(error?.kind == .truncated, "\(count) bytes")
        }
    }
}
