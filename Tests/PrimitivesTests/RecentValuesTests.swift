import Primitives
import Testing

@Suite struct RecentValuesTests {
    @Test(arguments: [2, 3, 8, 64]) func `no more is held than the bound, and the latest is`(_ countMax: Int) {
        var recent = RecentValues<Int, Int>(countMax: countMax)
        for key in 0..<(countMax * 5) {
            recent.insert(key * 2, for: key)
            #expect(recent.count <= countMax)
            #expect(recent.value(for: key) == key * 2)
        }
        #expect(recent.value(for: 0) == nil)
    }

    @Test func `what is asked for stays`() {
        var recent = RecentValues<Int, String>(countMax: 8)
        recent.insert("kept", for: -1)
        for key in 0..<100 {
            recent.insert("other", for: key)
            #expect(recent.value(for: -1) == "kept")
        }
    }

    @Test func `a later value of a key stands`() {
        var recent = RecentValues<Int, String>(countMax: 4)
        recent.insert("a", for: 1)
        recent.insert("x", for: 2)
        recent.insert("x", for: 3)
        recent.insert("b", for: 1)
        #expect(recent.value(for: 1) == "b")
        #expect(recent.count == 3)
    }
}
