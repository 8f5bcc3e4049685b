import Testing
import WireProtocols

struct GzipDeflaterTests {
    @Test(arguments: [0, 1, 100_000, 3_000_000])
    func `what was compressed in pieces comes back whole`(_ count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let deflater = try #require(GzipDeflater())
        var compressed: [UInt8] = []
        for start in stride(from: 0, to: count, by: 70_001) {
            deflater.deflate(Array(bytes[start..<min(start + 70_001, count)]), appendingTo: &compressed)
        }
        deflater.finish(appendingTo: &compressed)
        let inflater = try GzipInflater(outputBytesMax: count)
        var output: [UInt8] = []
        try inflater.inflate(compressed, appendingTo: &output)
        try inflater.finish()
        #expect(output == bytes)
    }
}
