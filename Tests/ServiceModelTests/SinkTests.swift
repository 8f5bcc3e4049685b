import ServiceModel
import Synchronization
import Testing

struct SinkTests {
    private struct Gone: Error {}

    @Test func `a sink without bounds takes all at once`() async throws {
        let taken = Mutex<[Int]>([])
        let sink = Sink<Int> { number in taken.withLock { $0.append(number) } }
        #expect(try sink.take(1))
        try await sink(2)
        #expect(taken.withLock { $0 } == [1, 2])
    }

    @Test func `what takes time is done when room is awaited`() async throws {
        let taken = Mutex<[Int]>([])
        let sink = Sink<Int>.waiting { number in
            await Task.yield()
            taken.withLock { $0.append(number) }
        }
        #expect(try !sink.take(1))
        #expect(try !sink.take(2))
        #expect(taken.withLock { $0 }.isEmpty)
        try await sink.room()
        #expect(taken.withLock { $0 } == [1, 2])
        try await sink(3)
        #expect(taken.withLock { $0 } == [1, 2, 3])
    }

    @Test func `one part may become several, or none`() async throws {
        let taken = Mutex<[String]>([])
        let sink = Sink<String> { text in taken.withLock { $0.append(text) } }
            .mapped { (count: Int) in (0..<count).map { "\($0)" } }
        for count in [0, 2, 1] { try await sink(count) }
        #expect(taken.withLock { $0 } == ["0", "1", "0"])
    }

    @Test func `one part without room keeps the next one waiting`() throws {
        let isFirst = Mutex(true)
        let sink = Sink<Int>(
            take: { _ in
                isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return !isFirst
                }
            }, room: {})
        #expect(try !sink.mapped { (number: Int) in [number, number] }.take(1))
    }

    @Test func `what nobody takes throws`() async {
        await #expect(throws: Gone.self) { try await Sink<Int> { _ in throw Gone() }(1) }
        await #expect(throws: Gone.self) { try await Sink<Int>.waiting { _ in throw Gone() }(1) }
    }
}
