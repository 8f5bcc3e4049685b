import Foundation
import Primitives
import TestSupport
import Testing

@Suite struct JSONTextTests {
    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe JSONText.isPlain($0) }
    }

    @Test(arguments: 0...40)
    func `a byte that needs an escape is found wherever it stands`(_ count: Int) {
        var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
        #expect(Self.isPlain(bytes))
        for position in 0..<count {
            for byte in UInt8.min...UInt8.max {
                bytes[position] = byte
                let needsEscape = byte < 0x20 || byte == 0x22 || byte == 0x5C
                #expect(Self.isPlain(bytes) != needsEscape, "byte \(byte) at \(position)")
            }
            bytes[position] = UInt8(ascii: "a")
        }
    }

    @Test(arguments: 0...40)
    func `bytes that border on those with escapes are plain, however many there are`(_ count: Int) {
        for byte: UInt8 in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0xA0, 0xA2, 0xDC, 0xFF] {
            #expect(Self.isPlain([UInt8](repeating: byte, count: count)))
        }
    }

    @Test func `any text is read back by Foundation as it was`() throws {
        let seed = SeededRandomSource.testSeed(0x7E)
        let random = SeededRandomSource(seed: seed)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        let parts = [
            "a", "\"", "\\", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "😀", "\u{2028}", "a plain text of some length",
        ]
        for _ in 0..<500 {
            let text = (0..<below(9)).map { _ in parts[below(parts.count)] }.joined()
            var json = Array("[".utf8)
            JSONText.append(quoted: text.utf8.span, to: &json)
            json += "]".utf8
            let read = try JSONSerialization.jsonObject(with: Data(json)) as? [String]
            #expect(read == [text], "seed \(seed)")
        }
    }
}
