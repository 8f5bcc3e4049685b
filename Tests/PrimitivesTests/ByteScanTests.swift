import Primitives
import TestSupport
import Testing

@Suite struct ByteScanTests {
    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    @Test(arguments: 0...17)
    func `every byte is told apart wherever it stands`(_ position: Int) {
        for byte in UInt8.min...UInt8.max {
            var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 18)
            bytes[position] = byte
            let control = Self.isControl(byte) ? position : 18
            let quote = Self.isControl(byte) || byte == 0x22 || byte == 0x5C ? position : 18
            #expect(ByteScan.firstControl(in: bytes.span) == control, "byte \(byte)")
            #expect(ByteScan.firstControl(in: bytes.span, orQuote: true) == quote, "byte \(byte)")
            #expect(ByteScan.first(byte, in: bytes.span, from: 0) == (byte == UInt8(ascii: "a") ? 0 : position))
        }
    }

    @Test func `a search begins where it is told`() {
        let bytes = Array("\n2\n4".utf8)
        #expect(ByteScan.first(UInt8(ascii: "\n"), in: bytes.span, from: 1) == 2)
        #expect(ByteScan.first(UInt8(ascii: "\n"), in: bytes.span, from: 3) == 4)
        #expect(ByteScan.firstControl(in: bytes.span, from: 1) == 2)
        #expect(ByteScan.firstControl(in: bytes.span, from: 4) == 4)
        #expect(ByteScan.firstControl(in: [UInt8]().span) == 0)
    }

    @Test func `any bytes are searched as one by one`() {
        let seed = SeededRandomSource.testSeed(0x5CA)
        let random = SeededRandomSource(seed: seed)
        for _ in 0..<2_000 {
            let bytes = random.bytes(Int(random.next() % 40)).map { $0 % 3 == 0 ? $0 : $0 | 0x60 }
            let start = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
            let expected = bytes[start...].firstIndex(where: Self.isControl) ?? bytes.count
            #expect(ByteScan.firstControl(in: bytes.span, from: start) == expected, "seed \(seed)")
        }
    }

    @Test func `a byte below a bound is found as one by one`() {
        let seed = SeededRandomSource.testSeed(0x2B1)
        let random = SeededRandomSource(seed: seed)
        for bound in [UInt8(1), 0x2D, 0x61, 0x80] {
            for _ in 0..<1_000 {
                let bytes = random.bytes(Int(random.next() % 40)).map { $0 % 5 == 0 ? $0 : $0 | 0x60 }
                let start = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
                let expected = bytes[start...].firstIndex { $0 < bound } ?? bytes.count
                #expect(ByteScan.first(below: bound, in: bytes.span, from: start) == expected, "seed \(seed)")
            }
        }
    }

    @Test(arguments: 0...20)
    func `bytes are equal when all of them are`(_ count: Int) {
        let bytes = (0..<UInt8(count)).map { $0 }
        #expect(Self.areEqual(bytes, bytes))
        #expect(!Self.areEqual(bytes, bytes + [0]))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!Self.areEqual(bytes, other), "byte \(index)")
        }
    }

    private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        ByteScan.areEqual(left.span, right.span)
    }
}
