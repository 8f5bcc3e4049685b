import KeyValue
import Primitives
import Server
import Synchronization
import Telemetry
import Testing

@Suite struct HealthLogTests {
    private final class Lines: LogSink {
        let all = Mutex<[String]>([])

        func write(_ record: LogRecord) {
            self.all.withLock { $0.append("\(record.level) \(record.message)") }
        }
    }

    private func lines(_ changes: [StoreHealth]) async -> [String] {
        let lines = Lines()
        let (updates, continuation) = AsyncStream.makeStream(of: StoreHealth.self)
        for health in changes { continuation.yield(health) }
        continuation.finish()
        await HealthLog.follow(updates, log: lines, clock: ManualClock())
        return lines.all.withLock { $0 }
    }

    @Test func `the reason for refused writes is an error, and their return is told`() async {
        let lines = await self.lines([
            .takingWrites, .readOnly(reason: "full"), .readOnly(reason: "failed"), .takingWrites, .closed,
        ])
        #expect(
            lines == [
                "error the store takes no writes: full", "error the store takes no writes: failed",
                "info the store takes writes again",
            ])
    }

    @Test func `a store that takes writes until it is closed says nothing`() async {
        #expect(await self.lines([.takingWrites, .closed]).isEmpty)
    }

    @Test func `a store that takes none from the start says so`() async {
        #expect(await self.lines([.readOnly(reason: "x")]) == ["error the store takes no writes: x"])
    }
}
