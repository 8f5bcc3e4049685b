import DynamoDBModel
import DynamoDBService
import Foundation
import KeyValue
import KeyValueConformance
import Primitives
import RocksDBStore
import ServiceKit
import ServiceModel
import Synchronization
import TestSupport
import Testing

/// The same histories over RocksDB, with threads that really run at once and a crash in the midst of a group.
struct RocksDBTests {
    private typealias Entry = HistoryEntry<CellModel.Call, CellModel.Answer>

    private let folder = ScratchFolder()

    private static let clientCount = 6
    private static let cellCount = 3
    private static let requestCount = 60
    /// Between the moments of two processes.
    private static let momentsPerProcess = 1_000_000

    /// Holds the disk before or after one group of commits, until it is let go.
    private final class Gate: CommitGate {
        private struct State {
            var groupsLeft: Int
            var isHeld = false
            var isReleased = false
        }

        private let state: Mutex<State>
        private let isAfterWrite: Bool

        init(groups: Int, isAfterWrite: Bool) {
            self.state = Mutex(State(groupsLeft: groups))
            self.isAfterWrite = isAfterWrite
        }

        var isHeld: Bool { self.state.withLock { $0.isHeld } }

        func release() { self.state.withLock { $0.isReleased = true } }

        func beforeWrite(commitCount: Int) -> String? {
            if !self.isAfterWrite { self.hold() }
            return nil
        }

        func afterWrite(commitCount: Int) -> String? {
            if self.isAfterWrite { self.hold() }
            return nil
        }

        private func hold() {
            let mustHold = self.state.withLock { state in
                state.groupsLeft -= 1
                state.isHeld = state.isHeld || state.groupsLeft == 0
                return state.groupsLeft == 0
            }
            while mustHold, !self.state.withLock({ $0.isReleased }) { BlockingThread.sleep(milliseconds: 1) }
        }
    }

    private struct Calls: ItemCalls {
        let service: DynamoDBService
        let context = TableFixture.context()
    }

    private func work(
        _ store: RocksDBStore, _ recorder: CellClient.Recorder, _ random: SeededRandomSource, _ generation: Int,
        _ note: String
    ) async {
        let calls = Calls(service: .simulated(store, SystemClock(), BackgroundJobs()))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<Self.clientCount {
                let client = CellClient(
                    calls: calls, recorder: recorder, cellCount: Self.cellCount,
                    firstValue: (generation * Self.clientCount + number + 1) * 1_000_000, note: note)
                let generator = SeededGenerator(seed: random.next())
                group.addTask { await client.run(Self.requestCount, generator) }
            }
        }
    }

    /// What was asked before the crash: what had no answer by then may have been done or not.
    private static func cut(_ history: [Entry], at moment: Int) -> [Entry] {
        history.filter { $0.begin < moment }.compactMap { entry in
            if let end = entry.end, end < moment { return entry }
            if case .read = entry.call { return nil }
            return Entry(call: entry.call, begin: entry.begin, end: nil, answer: nil)
        }
    }

    private static func later(_ history: [Entry]) -> [Entry] {
        history.map { entry in
            Entry(
                call: entry.call, begin: entry.begin + self.momentsPerProcess,
                end: entry.end.map { $0 + self.momentsPerProcess }, answer: entry.answer)
        }
    }

    @Test(arguments: [0xE500, 0xE501, 0xE502, 0xE503] as [UInt64])
    func `each item is a register, a counter and a lock, also through a crash`(_ own: UInt64) async throws {
        let seed = SeededRandomSource.testSeed(own)
        let random = SeededRandomSource(seed: seed)
        let base = self.folder.path
        try Files.createDirectory(base)

        // Some groups are the table's own; a few commits of six clients share each of the others.
        let gate = Gate(groups: 10 + Int(random.next() % 30), isAfterWrite: random.next() % 2 == 0)
        var options = StoreOptions()
        options.gate = gate
        let store = try RocksDBStore(path: base + "/first", options: options)
        let calls = Calls(service: .simulated(store, SystemClock(), BackgroundJobs()))
        _ = try await calls.service.createTable(ItemFixture.indexed, calls.context)
        let recorder = CellClient.Recorder()
        async let work: Void = self.work(store, recorder, random, 0, "seed \(seed)")
        while !gate.isHeld { try await Task.sleep(for: .milliseconds(1)) }
        // While the disk is held nothing is acknowledged that its files do not have.
        let crash = recorder.moment()
        try FileManager.default.copyItem(atPath: base + "/first", toPath: base + "/second")
        gate.release()
        await work
        await store.close()

        let reopened = try RocksDBStore(path: base + "/second")
        let after = CellClient.Recorder()
        await self.work(reopened, after, random, 1, "seed \(seed)")
        await reopened.close()
        let history = Self.cut(recorder.entries, at: crash) + Self.later(after.entries)
        #expect(history.count > Self.requestCount * Self.clientCount / 2, "seed \(seed)")
        for (cell, part) in CellModel.divided(history) {
            let verdict = Linearizability(CellModel([nil]), part).check()
            #expect(verdict.isHeld, "seed \(seed), cell \(cell): \(verdict)")
        }
    }
}
