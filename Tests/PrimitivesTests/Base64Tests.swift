import Primitives
import TestSupport
import Testing

@Suite struct Base64Tests {
    /// RFC 4648, section 10, and every value of the alphabet's ends.
    private static let vectors: [(text: String, bytes: [UInt8])] = [
        ("", []), ("Zg==", Array("f".utf8)), ("Zm8=", Array("fo".utf8)), ("Zm9v", Array("foo".utf8)),
        ("Zm9vYg==", Array("foob".utf8)), ("Zm9vYmE=", Array("fooba".utf8)), ("Zm9vYmFy", Array("foobar".utf8)),
        ("////", [255, 255, 255]), ("+/A=", [0xFB, 0xF0]), ("AA==", [0]), ("AAA=", [0, 0]), ("AAAA", [0, 0, 0]),
    ]

    @Test(arguments: vectors)
    func `bytes become the RFC's text and come back`(_ text: String, _ bytes: [UInt8]) {
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.decode(text.utf8) == bytes)
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "=", "==", "====", "Z===", "A=AA", "=AAA", "Zm9v\n", "Zm9v====",
        "Zm 9v", "Zm9_", "Zm9-", "Zm9v\r\n\r\n", "Zm9ä", "AAAAA===", "Zg=A",
    ])
    func `text that is not whole and padded is refused`(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test(arguments: ["Zh==", "Zn==", "Zm9=", "Zm8B=", "AB==", "AAB=", "//==", "///="])
    func `a second text for the same bytes is refused, so that a value has one form`(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test func `bytes are appended behind what is there`() {
        var output = Array("a:".utf8)
        Base64.append([1], to: &output)
        #expect(String(decoding: output, as: UTF8.self) == "a:AQ==")
    }

    @Test func `any bytes come back, and no changed digit gives the same bytes`() {
        let seed = SeededRandomSource.testSeed(0xB64)
        let random = SeededRandomSource(seed: seed)
        for round in 0..<2000 {
            let bytes = random.bytes(Int(random.next() % 70))
            var text = Array(Base64.encode(bytes).utf8)
            #expect(Base64.decode(text) == bytes, "seed \(seed), round \(round)")
            guard !text.isEmpty else { continue }
            let place = Int(random.next() % UInt64(text.count))
            let digit = UInt8(truncatingIfNeeded: random.next())
            guard text[place] != digit else { continue }
            text[place] = digit
            #expect(Base64.decode(text) != bytes, "seed \(seed), round \(round)")
        }
    }
}
