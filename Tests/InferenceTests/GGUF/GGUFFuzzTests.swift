import Inference
import Primitives
import TestSupport
import Testing

struct GGUFFuzzTests {
    /// Numbers that make lengths, counts and offsets go wrong.
    private static let spiteful: [UInt64] = [
        0, 1, 2, 8, 9, 31, 63, 255, 256, 1 << 16, 1 << 31, 1 << 32, 1 << 40, 1 << 62, 1 << 63, .max, .max - 31,
    ]

    /// Whatever is done to a file, it is refused with a reason or read to something that fits in it.
    @Test func `a damaged file is refused, or what is read of it lies in it`() throws {
        let seed = SeededRandomSource.testSeed(0x66_0F)
        let source = SeededRandomSource(seed: seed)
        let folder = try ScratchFolder.made()
        let whole = GGUFReaderTests.model.bytes
        // Behind the head there are only weights, which are not read.
        let headBytes = UInt64(try GGUFFile.open(folder.write(whole)).tensors[0].offset)
        var taken = 0
        for round in 0..<3000 {
            var bytes = whole
            for _ in 0...(source.next() % 4) { Self.damage(&bytes, headBytes, source) }
            let path = try folder.write(bytes)
            do throws(GGUFError) {
                let file = try GGUFFile.open(path)
                taken += 1
                for tensor in file.tensors {
                    let (end, overflow) = tensor.offset.addingReportingOverflow(tensor.byteCount)
                    #expect(!overflow && end <= UInt64(bytes.count), "seed \(seed), round \(round)")
                }
                #expect(file.tensorBytes <= UInt64(bytes.count), "seed \(seed), round \(round)")
                _ = (file.parameterCount, file.role, file.quantisation, file.vocabularyCount)
            } catch {
                #expect(error.description.utf8.count < 1000, "seed \(seed), round \(round)")
                #expect(error.offset ?? 0 <= UInt64(bytes.count), "seed \(seed), round \(round)")
            }
        }
        #expect(taken > 0 && taken < 3000, "seed \(seed): damage that is always or never noticed tests nothing")
    }

    private static func damage(_ bytes: inout [UInt8], _ headBytes: UInt64, _ source: SeededRandomSource) {
        guard bytes.count > 16 else { return }
        let limit = min(UInt64(bytes.count) - 8, headBytes)
        // The first 24 bytes are the counts: a third of all damage is done there.
        let at = Int(source.next() % (source.next() % 3 == 0 ? min(24, limit) : limit))
        switch source.next() % 5 {
        case 0: bytes[at] ^= 1 << UInt8(source.next() % 8)
        case 1: bytes[at] = UInt8(truncatingIfNeeded: source.next())
        case 2:
            let value = self.spiteful[Int(source.next() % UInt64(self.spiteful.count))]
            bytes.replaceSubrange(at..<at + 8, with: GGUFBuilder.little(value, 8))
        case 3: bytes.removeSubrange(at..<min(bytes.count, at + 1 + Int(source.next() % 16)))
        default:
            if source.next() % 4 == 0 { bytes.removeSubrange(at...) }
        }
    }
}
