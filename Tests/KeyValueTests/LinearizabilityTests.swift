import KeyValueConformance
import Testing

struct LinearizabilityTests {
    private typealias Entry = HistoryEntry<CellModel.Call, CellModel.Answer>

    private static func read(_ begin: Int, _ end: Int, _ value: Int?) -> Entry {
        Entry(call: .read([0]), begin: begin, end: end, answer: .values([value]))
    }

    private static func set(_ begin: Int, _ end: Int?, _ value: Int, if condition: CellModel.Condition = .always)
        -> Entry
    {
        Entry(
            call: .write([.init(0, .set(value), if: condition)]), begin: begin, end: end,
            answer: end == nil ? nil : .done())
    }

    private static func add(_ begin: Int, _ end: Int, _ after: Int) -> Entry {
        Entry(call: .write([.init(0, .add(1))]), begin: begin, end: end, answer: .done(after: [after]))
    }

    private static func holds(_ history: [Entry], _ initial: [Int?] = [nil]) -> Bool {
        Linearizability(CellModel(initial), history).check().isHeld
    }

    @Test func `requests at once may be done in any order, and others may not`() {
        #expect(Self.holds([Self.set(1, 2, 5), Self.read(3, 4, 5)]))
        #expect(!Self.holds([Self.set(1, 2, 5), Self.read(3, 4, nil)]))
        #expect(Self.holds([Self.set(1, 4, 5), Self.read(2, 3, nil)]))
        #expect(Self.holds([Self.set(1, 4, 5), Self.read(2, 3, 5)]))
        // Seen, and then not seen any more.
        #expect(!Self.holds([Self.set(1, 6, 5), Self.read(2, 3, 5), Self.read(4, 5, nil)]))
        #expect(Self.holds([Self.set(1, 6, 5), Self.set(1, 6, 7), Self.read(2, 3, 5), Self.read(4, 5, 7)]))
        #expect(!Self.holds([Self.set(1, 2, 5), Self.set(3, 4, 7), Self.read(5, 6, 5)]))
    }

    @Test func `no count is lost, and none is given twice`() {
        #expect(Self.holds([Self.add(1, 4, 2), Self.add(2, 3, 1), Self.read(5, 6, 2)]))
        #expect(!Self.holds([Self.add(1, 4, 1), Self.add(2, 3, 1)]))
        #expect(!Self.holds([Self.add(1, 2, 1), Self.add(3, 4, 2), Self.read(5, 6, 1)]))
    }

    @Test func `a condition that was met was so at one moment`() {
        let two = [Self.set(1, 4, 5, if: .holds(nil)), Self.set(2, 3, 7, if: .holds(nil))]
        #expect(!Self.holds(two))
        let refused = Entry(
            call: .write([.init(0, .set(7), if: .holds(nil))]), begin: 2, end: 3, answer: .refused(seen: [5]))
        #expect(Self.holds([two[0], refused]))
        #expect(!Self.holds([refused]))
    }

    @Test func `a request without an answer was done at any later moment, or never`() {
        let lost = Self.set(1, nil, 5)
        #expect(Self.holds([lost, Self.read(2, 3, nil), Self.read(4, 5, 5), Self.read(6, 7, 5)]))
        #expect(Self.holds([lost, Self.read(2, 3, nil)]))
        #expect(!Self.holds([lost, Self.read(2, 3, 5), Self.read(4, 5, nil)]))
        #expect(!Self.holds([Self.read(1, 2, 5), Self.set(3, nil, 5)]))
    }

    @Test func `cells that are changed together are never seen apart`() {
        let both = Entry(
            call: .write([.init(0, .add(-1)), .init(1, .add(1))]), begin: 1, end: 4, answer: .done())
        func seen(_ values: [Int?]) -> Entry {
            Entry(call: .read([0, 1]), begin: 2, end: 3, answer: .values(values))
        }
        #expect(Self.holds([both, seen([1, 0])], [1, 0]))
        #expect(Self.holds([both, seen([0, 1])], [1, 0]))
        #expect(!Self.holds([both, seen([0, 0])], [1, 0]))
    }

    @Test func `a history of many requests at once is decided`() {
        var history: [Entry] = []
        for round in 0..<300 {
            for number in 0..<6 {
                history.append(Self.add(round * 100 + number, round * 100 + 50 + number, round * 6 + 6 - number))
            }
        }
        #expect(Self.holds(history))
        history.append(Self.read(40_000, 40_001, 1799))
        #expect(!Self.holds(history))
    }
}
