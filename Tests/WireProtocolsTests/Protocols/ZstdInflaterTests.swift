import Primitives
import ServiceModel
import Testing
import WireProtocols

struct ZstdInflaterTests {
    /// `hello hello hello`
    private static let hello = "KLUv/QRYZQAAMGhlbGxvIAEAMUoRou0eDA=="
    /// `one ` and `two`, a frame each.
    private static let frames = "KLUv/QRYIQAAb25lICmSP9cotS/9BFgZAAB0d2+LRPTs"
    /// Three million zeros in 111 bytes.
    private static let zeros =
        "KLUv/QRYVAAAEAAAAQD7/znAAgIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAA"
        + "AgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAM2DgADya/W"

    private static func bytes(_ base64: String) throws -> [UInt8] {
        try #require(Base64.decode(Array(base64.utf8)))
    }

    private static func inflate(_ bytes: [UInt8], piece: Int) throws(ShapeError) -> [UInt8] {
        let inflater = try ZstdInflater()
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            try inflater.inflate(Array(bytes[start..<min(start + piece, bytes.count)]), appendingTo: &output)
        }
        try inflater.finish()
        return output
    }

    @Test(arguments: [1, 2, 7, 1000])
    func `frames come back whole, whatever their pieces`(_ piece: Int) throws {
        #expect(try Self.inflate(Self.bytes(Self.hello), piece: piece) == Array("hello hello hello".utf8))
        #expect(try Self.inflate(Self.bytes(Self.frames), piece: piece) == Array("one two".utf8))
        let zeros = try Self.inflate(Self.bytes(Self.zeros), piece: piece)
        #expect(zeros.count == 3_000_000 && zeros.allSatisfy { $0 == 0 })
    }

    @Test func `what is damaged or cut short is refused`() throws {
        let whole = try Self.bytes(Self.hello)
        for count in 0..<whole.count {
            #expect(throws: ShapeError.self) { try Self.inflate(Array(whole.prefix(count)), piece: 1000) }
        }
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0xFF
            // No byte is without a meaning, so at most the text is another; nothing is worse than a refusal.
            #expect((try? Self.inflate(damaged, piece: 1000)) != Array("hello hello hello".utf8))
        }
        #expect(throws: ShapeError.self) { try Self.inflate(Array("{\"Item\":{}}".utf8), piece: 1000) }
    }
}
