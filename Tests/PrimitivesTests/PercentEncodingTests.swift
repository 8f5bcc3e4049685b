import Primitives
import TestSupport
import Testing

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("aZ09-._~", "aZ09-._~"), (" ", "%20"), ("+", "%2B"), ("/", "%2F"), ("*", "%2A"), ("%", "%25"),
        ("é", "%C3%A9"), ("a b/c", "a%20b%2Fc"), ("\u{0}\n", "%00%0A"), ("😹", "%F0%9F%98%B9"),
        (":@!$'(),;=", "%3A%40%21%24%27%28%29%2C%3B%3D"),
    ])
    func `only unreserved characters stay, and digits are upper-case as signatures need them`(
        _ text: String, _ encoded: String
    ) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(PercentEncoding.decodeText(encoded) == text)
    }

    @Test func `a path keeps its slashes`() {
        #expect(PercentEncoding.encode("a/b c/", keepingSlash: true) == "a/b%20c/")
    }

    @Test(arguments: ["%", "%4", "a%", "%G0", "%0G", "%%20", "% 20", "%é"])
    func `a percent sign without two digits is refused`(_ text: String) {
        #expect(PercentEncoding.decode(text.utf8) == nil)
        #expect(PercentEncoding.decodeText(text) == nil)
    }

    @Test(arguments: ["%FF", "%C3", "%C3%28", "%ED%A0%80", "%C0%80"])
    func `bytes that are no UTF-8 are bytes and no text`(_ text: String) {
        #expect(PercentEncoding.decode(text.utf8) != nil)
        #expect(PercentEncoding.decodeText(text) == nil)
    }

    @Test func `a plus is a space in forms only`() {
        #expect(PercentEncoding.decodeText("a+b%2Bc", plusIsSpace: true) == "a b+c")
        #expect(PercentEncoding.decodeText("a+b%2bc") == "a+b+c")
    }

    @Test func `any bytes come back`() {
        let seed = SeededRandomSource.testSeed(0x9E4)
        let random = SeededRandomSource(seed: seed)
        for _ in 0..<500 {
            let bytes = random.bytes(Int(random.next() % 40))
            var encoded: [UInt8] = []
            PercentEncoding.append(bytes, keepingSlash: random.next() & 1 == 0, to: &encoded)
            #expect(PercentEncoding.decode(encoded) == bytes, "seed \(seed)")
            #expect(PercentEncoding.decode(encoded, plusIsSpace: true) == bytes, "seed \(seed)")
        }
    }
}
