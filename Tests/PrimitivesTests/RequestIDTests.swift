import Primitives
import TestSupport
import Testing

@Suite struct RequestIDTests {
    private static let seed = SeededRandomSource.testSeed(0x1D)

    @Test func `DynamoDB's form is 52 characters that are all used`() {
        let random = SeededRandomSource(seed: Self.seed)
        var seen: Set<Character> = []
        for _ in 0..<200 {
            let text = RequestID.long(random).description
            #expect(text.utf8.count == 52, "seed \(Self.seed)")
            seen.formUnion(text)
        }
        #expect(seen == Set("0123456789ABCDEFGHIJKLMNOPQRSTUV"), "seed \(Self.seed)")
    }

    @Test func `every place of the long form varies`() {
        let random = SeededRandomSource(seed: Self.seed)
        let texts = (0..<64).map { _ in Array(RequestID.long(random).description) }
        for place in 0..<52 {
            #expect(Set(texts.map { $0[place] }).count > 1, "place \(place), seed \(Self.seed)")
        }
    }

    @Test func `the usual form is a random UUID in lower case`() throws {
        let random = SeededRandomSource(seed: Self.seed)
        let pattern = try #require(
            LinearPattern("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"))
        let texts = (0..<200).map { _ in RequestID.uuid(random).description }
        for text in texts { #expect(pattern.matchesWhole(text), "\(text), seed \(Self.seed)") }
        #expect(Set(texts).count == 200, "seed \(Self.seed)")
    }
}
