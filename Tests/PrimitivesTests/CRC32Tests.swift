import Primitives
import TestSupport
import Testing

@Suite struct CRC32Tests {
    @Test(
        arguments: [
            ("", 0), ("a", 0xE8B7_BE43), ("abc", 0x3524_41C2), ("123456789", 0xCBF4_3926),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)])
    func `a text has the checksum that zlib gives it`(_ text: String, _ checksum: UInt32) {
        #expect(CRC32.checksum(text.utf8) == checksum)
    }

    @Test func `zeros count`() {
        #expect(CRC32.checksum([0]) == 0xD202_EF8D)
        #expect(CRC32.checksum([UInt8](repeating: 0, count: 32)) == 0x190A_55AD)
    }

    @Test func `pieces give the checksum of the whole, and asking for it changes nothing`() {
        let seed = SeededRandomSource.testSeed(0xC2C)
        let random = SeededRandomSource(seed: seed)
        let bytes = random.bytes(1000)
        for cut in [0, 1, 7, 500, 999, 1000] {
            var crc = CRC32()
            crc.update(bytes[..<cut])
            _ = crc.value
            crc.update(bytes[cut...])
            #expect(crc.value == CRC32.checksum(bytes), "seed \(seed), cut \(cut)")
        }
    }
}
