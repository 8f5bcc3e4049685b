import Primitives
import TestSupport
import Testing

@Suite struct HexTests {
    @Test(
        arguments: [("", []), ("00", [0]), ("0a9f", [0x0A, 0x9F]), ("ff00ff", [255, 0, 255])] as [(String, [UInt8])])
    func `bytes are two lower-case digits each`(_ text: String, _ bytes: [UInt8]) {
        #expect(Hex.encode(bytes) == text)
        #expect(Hex.decode(text) == bytes)
    }

    @Test func `digits are read in either case`() {
        #expect(Hex.decode("aBcDeF") == [0xAB, 0xCD, 0xEF])
    }

    @Test(arguments: ["0", "000", "0g", "g0", " 0", "0x", "00 ", "é", "١٢", "`0", "@0", "/0", ":0"])
    func `an odd digit or another character makes it no hexadecimal text`(_ text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test func `any bytes come back`() {
        let seed = SeededRandomSource.testSeed(0x4E8)
        let random = SeededRandomSource(seed: seed)
        for _ in 0..<500 {
            let bytes = random.bytes(Int(random.next() % 40))
            #expect(Hex.decode(Hex.encode(bytes)) == bytes, "seed \(seed)")
            #expect(Hex.decode(Hex.encode(bytes).uppercased()) == bytes, "seed \(seed)")
        }
    }
}
