import DynamoDBValues
import Primitives
import Testing

@Suite struct RequestDigestTests {
    private static func digest(_ value: AttributeValue) -> [UInt8] {
        self.digest(AttributeTree([.init("a", value)]))
    }

    private static func digest(_ tree: AttributeTree) -> [UInt8] {
        var digest = RequestDigest()
        digest.add(AttributeMap(tree))
        return digest.bytes
    }

    private static func number(_ text: String) -> DynamoDBNumber {
        (try? DynamoDBNumber.parse(Array(text.utf8)[...])) ?? .zero
    }

    @Test func `the order of entries and of sets' members means nothing, that of a list's elements does`() {
        let one = AttributeTree([.init("b", .s("x")), .init("a", .null), .init("ab", .bool(true))])
        let other = AttributeTree([.init("ab", .bool(true)), .init("b", .s("x")), .init("a", .null)])
        #expect(Self.digest(one) == Self.digest(other))
        #expect(Self.digest(.l([.m(one), .s("1")])) == Self.digest(.l([.m(other), .s("1")])))
        #expect(Self.digest(.l([.m(one), .s("1")])) != Self.digest(.l([.s("1"), .m(one)])))
        #expect(Self.digest(.ss(["b", "a", "ab"])) == Self.digest(.ss(["ab", "b", "a"])))
        #expect(Self.digest(.bs([[1], [0, 1]])) == Self.digest(.bs([[0, 1], [1]])))
        let numbers = ["-1", "10", "2"].map(Self.number)
        #expect(Self.digest(.ns(numbers)) == Self.digest(.ns(numbers.reversed())))
        #expect(Self.digest(.n(Self.number("1.50"))) == Self.digest(.n(Self.number("15e-1"))))
    }

    @Test func `values that differ have digests that differ`() {
        let one = Self.number("1")
        let values: [AttributeValue] = [
            .s(""), .s("1"), .n(one), .b(Array("1".utf8)), .ss(["1"]), .ns([one]), .bs([[0x31]]), .bool(true),
            .bool(false), .null, .l([]), .l([.s("1")]), .l([.s(""), .s("1")]), .l([.l([.s("1")])]),
            .m(AttributeTree([])), .m(AttributeTree([.init("1", .s(""))])), .m(AttributeTree([.init("", .s("1"))])),
            .ss(["1", ""]), .ss(["11"]), .l([.s("1"), .l([])]), .l([.l([]), .s("1")]),
        ]
        #expect(Set(values.map { Self.digest($0) }).count == values.count)
    }

    @Test func `texts that are divided otherwise are others, and so is one that is not there`() {
        func digest(_ texts: String?...) -> [UInt8] {
            var digest = RequestDigest()
            for text in texts { digest.add(text) }
            return digest.bytes
        }
        let all = [
            digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", nil), digest("abc", ""), digest(),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test func `a large map is hashed whole`() {
        let many = (0..<4_000).map { AttributeTree.Entry("n\($0)", .s("value \($0)")) }
        var changed = many
        changed[3_999].value = .s("another")
        #expect(Self.digest(AttributeTree(many)) == Self.digest(AttributeTree(many.reversed())))
        #expect(Self.digest(AttributeTree(many)) != Self.digest(AttributeTree(changed)))
    }

    @Test func `names and their texts count without order`() {
        func digest(_ names: [String: String]?) -> [UInt8] {
            var digest = RequestDigest()
            digest.add(names)
            return digest.bytes
        }
        #expect(digest(["#a": "a", "#b": "b"]) == digest(["#b": "b", "#a": "a"]))
        #expect(Set([digest(nil), digest([:]), digest(["#a": "b"]), digest(["#b": "a"])]).count == 4)
    }
}
