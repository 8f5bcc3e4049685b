import Primitives
import Testing

@Suite struct RecentObjectsTests {
    private final class Number: Sendable {
        let number: Int

        init(_ number: Int) {
            self.number = number
        }
    }

    private static func number(_ recent: inout RecentObjects, _ hash: Int) -> Int? {
        (recent.object(for: hash) as? Number)?.number
    }

    @Test(arguments: [2, 3, 8, 64]) func `no more is held than the bound, and the latest is`(_ countMax: Int) {
        var recent = RecentObjects(countMax: countMax)
        for hash in 0..<(countMax * 5) {
            recent.insert(Number(hash * 2), for: hash)
            #expect(recent.count <= countMax)
            #expect(Self.number(&recent, hash) == hash * 2)
        }
        #expect(Self.number(&recent, 0) == nil)
    }

    @Test func `what is asked for stays`() {
        var recent = RecentObjects(countMax: 8)
        recent.insert(Number(7), for: -1)
        for hash in 0..<100 {
            recent.insert(Number(hash), for: hash)
            #expect(Self.number(&recent, -1) == 7)
        }
    }

    @Test func `a later object of a hash stands`() {
        var recent = RecentObjects(countMax: 4)
        for (hash, number) in [(1, 10), (2, 20), (3, 30), (1, 11)] { recent.insert(Number(number), for: hash) }
        #expect(Self.number(&recent, 1) == 11)
        #expect(recent.count == 3)
    }
}
