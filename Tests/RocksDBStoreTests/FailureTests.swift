import Foundation
import KeyValue
import Primitives
import RocksDBStore
import Synchronization
import Testing

@Suite struct FailureTests {
    /// The health that a condition waits for, out of those that follow.
    private func wait(_ store: RocksDBStore, _ condition: (StoreHealth) -> Bool) async {
        for await health in store.healthUpdates() where condition(health) { return }
    }

    @Test func `below the reserve writes are refused, and taken again with room`() async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            let options = fixture.options
            try await store.commit(Batch(writes: [.set([1], [1])]))
            let groups = fixture.disk.groupCounts.count
            fixture.disk.setFreeBytes(options.freeBytesReserve - 1)
            for _ in 0..<3 {
                do {
                    try await store.commit(Batch(writes: [.set([1], [2])]))
                    Issue.record("a write below the reserve was taken")
                } catch StorageError.unavailable(let reason) {
                    #expect(reason.contains("255 MiB free") && reason.contains(fixture.path))
                }
            }
            #expect(fixture.disk.groupCounts.count == groups, "nothing was written")
            #expect(try await store.get([[1]], .forDecision)[0]?.value == [1])
            #expect(!store.health.isTakingWrites)
            // Enough for the reserve, not yet enough to begin again.
            fixture.disk.setFreeBytes(options.freeBytesReserve + options.freeBytesHysteresis - 1)
            await #expect(throws: StorageError.self) { try await store.commit(Batch(writes: [.set([1], [2])])) }
            fixture.disk.setFreeBytes(options.freeBytesReserve + options.freeBytesHysteresis)
            await self.wait(store) { $0.isTakingWrites }
            try await store.commit(Batch(writes: [.set([1], [3])]))
            #expect(try await store.get([[1]], .forAnswer)[0]?.value == [3])
        }
    }

    @Test func `a store on a full disk is opened for reads, and takes writes once there is room`() async throws {
        try await withFixture { fixture in
            let before = try fixture.open()
            let last = try await before.commit(Batch(writes: [.set([1], [1])]))
            // Nothing was flushed: what is read is in the log alone.
            fixture.disk.setFreeBytes(5 << 20)
            let store = try fixture.crash()
            let files = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/rocksdb").sorted()
            #expect(try await store.get([[1]], .forAnswer)[0]?.value == [1])
            #expect(try await store.get([[1]], .forDecision)[0]?.version == last.version)
            guard case .readOnly(let reason) = store.health else {
                Issue.record("a store on a full disk takes writes")
                return
            }
            #expect(reason.contains("has 5 MiB free and 256 MiB are kept in reserve"))
            await #expect(throws: StorageError.unavailable(reason)) {
                try await store.commit(Batch(writes: [.set([1], [2])]))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/rocksdb").sorted() == files)
            fixture.disk.makeRoom()
            await self.wait(store) { $0.isTakingWrites }
            let next = try await store.commit(Batch(writes: [.set([1], [3])]))
            #expect(next.version > last.version)
            #expect(try await store.get([[1]], .forAnswer)[0]?.value == [3])
        }
    }

    @Test func `a store on a full disk is closed as it was`() async throws {
        try await withFixture { fixture in
            _ = try await (try fixture.open()).commit(Batch(writes: [.set([1], [1])]))
            fixture.disk.setFreeBytes(0)
            await (try fixture.crash()).close()
            fixture.disk.makeRoom()
            #expect(try await fixture.open().get([[1]], .forAnswer)[0]?.value == [1])
        }
    }

    /// Made anew, the directory is the one of another store, as of a second server that was started on its path.
    @Test(arguments: [false, true])
    func `writes are refused where the directory is gone, not where the room is unknown`(
        isMadeAnew: Bool
    ) async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            try await store.commit(Batch(writes: [.set([1], [1])]))
            fixture.disk.setFreeBytes(nil)
            try await store.commit(Batch(writes: [.set([1], [2])]))
            try FileManager.default.moveItem(atPath: fixture.path, toPath: fixture.path + ".moved")
            if isMadeAnew {
                try FileManager.default.createDirectory(atPath: fixture.path, withIntermediateDirectories: false)
                try Data().write(to: URL(fileURLWithPath: fixture.path + "/lock"))
            }
            let groups = fixture.disk.groupCounts.count
            do {
                try await store.commit(Batch(writes: [.set([1], [3])]))
                Issue.record("a write into a directory that is gone was taken")
            } catch StorageError.unavailable(let reason) {
                #expect(reason.contains("\(fixture.path) is gone"))
            }
            #expect(fixture.disk.groupCounts.count == groups, "nothing was written")
            #expect(!store.health.isTakingWrites)
            #expect(try await store.get([[1]], .forDecision)[0]?.value == [2])
        }
    }

    @Test func `an fsync error stops writes for good and says so`() async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            try await store.commit(Batch(writes: [.set([1], [1])]))
            fixture.disk.failNextWrite("IO error: While fdatasync: /x/000004.log: Input/output error")
            await #expect(throws: StorageError.unknownOutcome) {
                try await store.commit(Batch(writes: [.set([1], [2])]))
            }
            guard case .readOnly(let reason) = store.health else {
                Issue.record("the store still takes writes")
                return
            }
            #expect(reason.contains("failed to make a write durable") && reason.contains("restart"))
            await #expect(throws: StorageError.unavailable(reason)) {
                try await store.commit(Batch(writes: [.set([1], [2])]))
            }
            await #expect(throws: StorageError.unavailable(reason)) { try await store.discard(.all) }
            #expect(try await store.get([[1]], .forAnswer)[0]?.value == [1])
        }
    }

    /// The log had the group although the write failed: after the engine was opened anew the group is there, under the
    /// versions that its callers were never told, and nothing decided on the state before goes through.
    @Test func `a group that failed after it was written may come back, and old reads do not hold then`() async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            let first = try await store.commit(Batch(writes: [.set([1], [1])]))
            let read = try await store.get([[1], [2]], .forDecision)
            fixture.disk.failAfterNextWrite("IO error: No space left on device: While appending to file: x")
            await #expect(throws: StorageError.unknownOutcome) {
                try await store.commit(Batch(writes: [.set([1], [2]), .set([2], [2])]))
            }
            await self.wait(store) { $0.isTakingWrites }
            let after = try await store.get([[1], [2]], .forAnswer)
            #expect(after.values.map { $0?.value } == [[2], [2]])
            for check in [Check.unchanged([1], since: read[0]?.version), .absent([2])] {
                await #expect(throws: StorageError.checkFailed(index: 0)) {
                    try await store.commit(Batch(checks: [check], writes: [.set([3], [3])], readAsOf: read.asOf))
                }
            }
            let last = try await store.commit(Batch(writes: [.set([1], [4])]))
            let versions = [first.version] + after.values.compactMap { $0?.version }
            #expect(versions.allSatisfy { $0 < last.version })
        }
    }

    /// Without the lock nobody can write, and without `CURRENT` nobody can read either.
    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `while the engine cannot be reopened, reads go on or fail at once`(isReadable: Bool) async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            try await store.commit(Batch(writes: [.set([1], [1])]))
            let lock = fixture.path + "/rocksdb/LOCK"
            let current = URL(fileURLWithPath: fixture.path + "/rocksdb/CURRENT")
            let kept = try Data(contentsOf: current)
            if isReadable {
                try FileManager.default.removeItem(atPath: lock)
                try FileManager.default.createDirectory(atPath: lock, withIntermediateDirectories: false)
            } else {
                try Data("damaged".utf8).write(to: current)
            }
            fixture.disk.failNextWrite("IO error: No space left on device: While appending to file: x")
            await #expect(throws: StorageError.unknownOutcome) {
                try await store.commit(Batch(writes: [.set([1], [2])]))
            }
            await self.wait(store) { health in
                guard case .readOnly(let reason) = health else { return false }
                return reason.contains("cannot be opened again")
            }
            // More than the pool has threads: if each waited ten seconds, the test would not end in time.
            for _ in 0..<16 {
                do {
                    #expect(try await store.get([[1]], .forAnswer)[0]?.value == [1])
                    #expect(isReadable)
                } catch StorageError.unavailable {
                    #expect(!isReadable)
                }
            }
            if isReadable {
                try FileManager.default.removeItem(atPath: lock)
            } else {
                try kept.write(to: current)
            }
            await self.wait(store) { $0.isTakingWrites }
            try await store.commit(Batch(writes: [.set([1], [3])]))
            #expect(try await store.get([[1]], .forAnswer)[0]?.value == [3])
        }
    }

    /// Closes a store and damages its blocks; the key 5 is in one of them.
    private static func damageBlocks(_ fixture: StoreFixture) async throws {
        let store = try fixture.open()
        let random = SeededRandomSource(seed: 3)
        for key in 0..<64 as Range<UInt8> {
            try await store.commit(Batch(writes: [.set([key], random.bytes(2000))]))
        }
        await store.close()
        let engine = fixture.path + "/rocksdb"
        for name in try FileManager.default.contentsOfDirectory(atPath: engine) where name.hasSuffix(".sst") {
            let url = URL(fileURLWithPath: engine + "/" + name)
            var bytes = try Data(contentsOf: url)
            guard bytes.count > 100_000 else { continue }
            for offset in stride(from: 1000, to: 90_000, by: 997) { bytes[offset] ^= 0xFF }
            try bytes.write(to: url)
        }
    }

    @Test func `a damaged block is told, never served, and stops writes`() async throws {
        try await withFixture { fixture in
            try await Self.damageBlocks(fixture)
            let store = try fixture.open()
            do {
                _ = try await store.get([[5]], .forAnswer)
                Issue.record("a damaged block was served")
            } catch StorageError.corrupt(let sentence) {
                #expect(sentence.contains("checksum"))
            }
            #expect(!store.health.isTakingWrites)
            await #expect(throws: StorageError.self) { try await store.commit(Batch(writes: [.set([200], [1])])) }
        }
    }

    /// Says how much room there is, if it must only once a test lets it go.
    private final class HeldProbe: FreeSpaceProbe {
        private struct State {
            var freeBytes: UInt64 = 1 << 40
            var mustHold = false
            var isHeld = false
        }

        private let state = Mutex(State())

        var isHeld: Bool { self.state.withLock { $0.isHeld } }

        func hold() { self.state.withLock { $0.mustHold = true } }

        func release(_ freeBytes: UInt64) { self.state.withLock { $0 = State(freeBytes: freeBytes) } }

        func freeBytes(at path: String) -> UInt64? {
            while self.mustWait() { usleep(100) }
            return self.state.withLock { $0.freeBytes }
        }

        private func mustWait() -> Bool {
            self.state.withLock { state in
                state.isHeld = state.mustHold
                return state.mustHold
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `damage that is found while room is looked for stops writes until a restart`() async throws {
        try await withFixture { fixture in
            try await Self.damageBlocks(fixture)
            let probe = HeldProbe()
            defer { probe.release(1 << 40) }
            let store = try fixture.open { $0.freeSpace = probe }
            probe.release(0)
            await #expect(throws: StorageError.self) { try await store.commit(Batch(writes: [.set([200], [1])])) }
            probe.hold()
            while !probe.isHeld { try await Task.sleep(for: .milliseconds(1)) }
            do {
                _ = try await store.get([[5]], .forAnswer)
                Issue.record("a damaged block was served")
            } catch StorageError.corrupt {
                probe.release(1 << 40)
            }
            // For longer than the store waits before it looks for room again.
            for _ in 0..<50 {
                await #expect(throws: StorageError.self) { try await store.commit(Batch(writes: [.set([200], [1])])) }
                #expect(!store.health.isTakingWrites)
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    @Test func `a torn tail of the log is cut off and what was acknowledged stays`() async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            for key in 0..<50 as Range<UInt8> { try await store.commit(Batch(writes: [.set([key], [key])])) }
            let again = try fixture.crash { path in
                for name in try FileManager.default.contentsOfDirectory(atPath: path + "/rocksdb")
                where name.hasSuffix(".log") {
                    let handle = try #require(FileHandle(forWritingAtPath: path + "/rocksdb/" + name))
                    try handle.seekToEnd()
                    try handle.write(contentsOf: Data([9, 9, 9, 9, 200, 0, 1, 7, 7, 7]))
                    try handle.close()
                }
            }
            let page = try await again.scan(.all, limit: 100, byteLimit: .max, reverse: false)
            #expect(page.entries.map(\.key) == (0..<50).map { [$0] })
        }
    }

    /// Where in the log a byte is changed, as a share of its length, and whether whole commits stand behind it.
    @Test(arguments: [0.1, 0.5, 0.9])
    func `damage in the middle of the log is told, and nothing acknowledged is dropped silently`(
        _ share: Double
    ) async throws {
        try await Self.expectRefusal("whole commits stand behind the damage") {
            $0[Int(Double($0.count) * share)] ^= 0xFF
        }
    }

    /// RocksDB passes over a block of zeros in silence.
    @Test(arguments: [0, 1, 2])
    func `a hole of zeros in the log is told`(_ block: Int) async throws {
        try await Self.expectRefusal("is damaged at byte") {
            $0.replaceSubrange((block << 15)..<((block + 1) << 15), with: Data(count: 1 << 15))
        }
    }

    /// Changes the log of a store with 50 commits, and expects that the store does not open for a reason with `part`.
    private static func expectRefusal(_ part: String, after change: (inout Data) -> Void) async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            for key in 0..<50 as Range<UInt8> {
                try await store.commit(Batch(writes: [.set([key], [UInt8](repeating: key, count: 2000))]))
            }
            do {
                _ = try fixture.crash { path in try Self.changeLogs(in: path, change) }
                Issue.record("a store with a damaged log opened")
            } catch StoreOpenError.corrupt(_, let reason) {
                #expect(reason.contains(part), "\(reason)")
            }
        }
    }

    /// The last commit takes more than 3,000 bytes of the log, so a cut of less reaches into it alone.
    @Test(arguments: [1, 7, 500, 2900])
    func `a log that ends anywhere in its last record opens with all before it`(_ cut: Int) async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            for key in 0..<20 as Range<UInt8> {
                try await store.commit(Batch(writes: [.set([key], [UInt8](repeating: key, count: 3000))]))
            }
            let again = try fixture.crash { path in try Self.changeLogs(in: path) { $0.removeLast(cut) } }
            let page = try await again.scan(.all, limit: 100, byteLimit: .max, reverse: false)
            #expect(page.entries.map(\.key) == (0..<19).map { [$0] })
            try await again.commit(Batch(writes: [.set([20], [20])]))
        }
    }

    private static func changeLogs(in path: String, _ change: (inout Data) -> Void) throws {
        let engine = path + "/rocksdb"
        for name in try FileManager.default.contentsOfDirectory(atPath: engine) where name.hasSuffix(".log") {
            let url = URL(fileURLWithPath: engine + "/" + name)
            var bytes = try Data(contentsOf: url)
            guard bytes.count > 10_000 else { continue }
            change(&bytes)
            try bytes.write(to: url)
        }
    }

    @Test func `waiting commits join into one group`() async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            fixture.disk.hold()
            try await withThrowingTaskGroup(of: CommitReceipt.self) { group in
                for key in 0..<64 as Range<UInt8> {
                    group.addTask { try await store.commit(Batch(writes: [.set([key], [key])])) }
                }
                let keys = (0..<64 as Range<UInt8>).map { [$0] }
                while try await store.get(keys, .forDecision).values.contains(nil) { await Task.yield() }
                fixture.disk.release()
                let versions = try await group.reduce(into: Set<CommitVersion>()) { $0.insert($1.version) }
                #expect(versions.count == 64)
            }
            #expect(fixture.disk.groupCounts.count <= 2 && fixture.disk.groupCounts.reduce(0, +) == 64)
        }
    }

    @Test func `a full queue refuses, forgets nothing and recovers`() async throws {
        try await withFixture { fixture in
            let store = try fixture.open()
            fixture.disk.hold()
            // One commit reaches the disk and is held there; the others wait in the queue.
            let first = Task { try await store.commit(Batch(writes: [.set([255], [1])])) }
            while fixture.disk.heldCount == 0 { await Task.yield() }
            let count = 17_000
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<count {
                    group.addTask {
                        do {
                            try await store.commit(Batch(writes: [.set([UInt8(index >> 8), UInt8(index & 255)], [1])]))
                            return true
                        } catch StorageError.overloaded {
                            return false
                        }
                    }
                }
                var refusedCount = 0
                var doneCount = 0
                // The first answers can only be refusals: the disk is held.
                while refusedCount + doneCount < count, let isDone = try await group.next() {
                    if isDone { doneCount += 1 } else { refusedCount += 1 }
                    if refusedCount == 1 && doneCount == 0 { fixture.disk.release() }
                }
                #expect(refusedCount > 0 && doneCount > 0)
                _ = try await first.value
                let page = try await store.scan(.all, limit: .max, byteLimit: .max, reverse: false)
                #expect(page.entries.count == doneCount + 1)
            }
        }
    }
}
