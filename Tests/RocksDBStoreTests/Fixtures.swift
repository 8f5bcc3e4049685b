import Foundation
import KeyValue
import KeyValueConformance
import Primitives
import RocksDBStore
import Synchronization
import TestSupport

/// A disk that a test holds, fills and breaks.
final class TestDisk: DiskControl, CommitGate, FreeSpaceProbe {
    private struct State {
        var isHeld = false
        var isFull = false
        var freeBytes: UInt64? = 1 << 40
        var sentences: [String] = []
        var lateSentences: [String] = []
        var releaseCount = 0
        var heldCount = 0
        var groupCounts: [Int] = []
    }

    private let state = Mutex(State())

    func hold() { self.state.withLock { $0.isHeld = true } }

    func release() {
        self.state.withLock {
            $0.isHeld = false
            $0.releaseCount += 1
        }
    }

    /// The write fails, and from then on the disk says that it is full.
    func fill() { self.state.withLock { $0.isFull = true } }

    func makeRoom() {
        self.state.withLock {
            $0.isFull = false
            $0.freeBytes = 1 << 40
        }
    }

    /// The next write fails before anything is written.
    func failNextWrite(_ sentence: String) { self.state.withLock { $0.sentences.append(sentence) } }

    /// The next write fails after the log has it.
    func failAfterNextWrite(_ sentence: String) { self.state.withLock { $0.lateSentences.append(sentence) } }

    /// nil: the system does not say.
    func setFreeBytes(_ bytes: UInt64?) { self.state.withLock { $0.freeBytes = bytes } }

    var releaseCount: Int { self.state.withLock { $0.releaseCount } }

    /// How many groups had to wait.
    var heldCount: Int { self.state.withLock { $0.heldCount } }

    /// The number of commits in each group so far.
    var groupCounts: [Int] { self.state.withLock { $0.groupCounts } }

    func beforeWrite(commitCount: Int) -> String? {
        if self.state.withLock({ $0.isHeld }) {
            self.state.withLock { $0.heldCount += 1 }
            while self.state.withLock({ $0.isHeld }) { usleep(100) }
        }
        return self.state.withLock { state in
            state.groupCounts.append(commitCount)
            if state.isFull {
                state.freeBytes = 0
                return "IO error: No space left on device: While appending to file: 000004.log: injected"
            }
            return state.sentences.isEmpty ? nil : state.sentences.removeFirst()
        }
    }

    func afterWrite(commitCount: Int) -> String? {
        self.state.withLock { $0.lateSentences.isEmpty ? nil : $0.lateSentences.removeFirst() }
    }

    func freeBytes(at path: String) -> UInt64? { self.state.withLock { $0.freeBytes } }
}

/// A RocksDB store in folders of its own, with everything injected.
final class StoreFixture: Sendable {
    let directory: ScratchFolder
    let clock = ManualClock()
    let disk = TestDisk()
    /// The directory in use; each crash makes another.
    private let generation = Mutex(0)
    private let opened = Mutex<[RocksDBStore]>([])

    init() throws {
        self.directory = try .made()
    }

    var path: String { self.directory.path + "/\(self.generation.withLock { $0 })" }

    var options: StoreOptions {
        var options = StoreOptions()
        options.clock = self.clock
        options.gate = self.disk
        options.freeSpace = self.disk
        options.spaceCheckMilliseconds = 5
        options.blockCacheBytes = 8 << 20
        options.readThreadCount = 2
        // Small, so that records are taken in and pushed out all the time.
        options.recordCacheBytes = 8 << 10
        options.pageCacheBytes = 64 << 10
        return options
    }

    func open(_ change: (inout StoreOptions) -> Void = { _ in }) throws -> RocksDBStore {
        var options = self.options
        change(&options)
        let store = try RocksDBStore(path: self.path, options: options)
        self.opened.withLock { $0.append(store) }
        return store
    }

    /// Opens what the files hold at this moment, as after `kill -9`: the running store keeps its own copy.
    func crash(_ damage: (String) throws -> Void = { _ in }) throws -> RocksDBStore {
        let old = self.path
        self.generation.withLock { $0 += 1 }
        try Self.copy(old, to: self.path)
        try damage(self.path)
        return try self.open()
    }

    /// Copies the files as they are at one moment: again when the store replaced some meanwhile, as compaction does.
    private static func copy(_ source: String, to target: String) throws {
        let files = FileManager.default
        func picture() throws -> [String] {
            try files.contentsOfDirectory(atPath: source + "/rocksdb").sorted().map { name in
                let attributes = try? files.attributesOfItem(atPath: source + "/rocksdb/" + name)
                return name.hasPrefix("MANIFEST") ? "\(name) \(attributes?[.size] ?? 0)" : name
            }
        }
        for _ in 0..<100 {
            let before = try picture()
            try? files.removeItem(atPath: target)
            do {
                try files.copyItem(atPath: source, toPath: target)
            } catch {
                continue
            }
            if try picture() == before { return }
        }
        throw CocoaError(.fileWriteUnknown)
    }

    func closeAll() async {
        self.disk.release()
        for store in self.opened.withLock({ $0 }) { await store.close() }
    }

    func subject(_ change: (inout StoreOptions) -> Void = { _ in }) throws -> StoreUnderTest {
        StoreUnderTest(store: try self.open(change), clock: self.clock, disk: self.disk, reopen: { try self.crash() })
    }
}

/// Runs `body` with a fixture and closes its stores afterwards.
func withFixture(_ body: (StoreFixture) async throws -> Void) async throws {
    let fixture = try StoreFixture()
    do {
        try await body(fixture)
    } catch {
        await fixture.closeAll()
        throw error
    }
    await fixture.closeAll()
}
