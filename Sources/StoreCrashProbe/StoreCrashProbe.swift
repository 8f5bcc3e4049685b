internal import KeyValue
internal import RocksDBStore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A process for tests to kill: writes to a store and says on standard output what was acknowledged.
///
///     StoreCrashProbe write <directory>              until it is killed
///     StoreCrashProbe outgrow <directory> <bytes>    with files limited to that size, so that the log really fails
///
/// Each task owns a counter. Commit `n` of a task sets `[task, 0]` and `[task, 1]` to `n`, adds `[task, 2, n]`, and
/// logs `task n`; once it is acknowledged the line `task n version` appears.
@main
struct StoreCrashProbe {
    static let taskCount: UInt8 = 16
    static let log = LogID(1)

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else { exit(64) }
        var options = StoreOptions()
        // Small, so that memtables are written out and logs end while the test runs.
        options.writeBufferBytes = 256 << 10
        options.logBytesMax = 512 << 10
        options.spaceCheckMilliseconds = 5
        options.freeBytesReserve = 16 << 20
        let store = try RocksDBStore(path: arguments[2], options: options)
        Self.say("open")
        switch (arguments[1], arguments.count) {
        case ("write", 3):
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<Self.taskCount { group.addTask { await Self.count(task, on: store, until: .max) } }
            }
        case ("outgrow", 4):
            guard let bytes = UInt64(arguments[3]) else { exit(64) }
            await Self.outgrow(store, bytes: bytes)
            await store.close()
        default:
            exit(64)
        }
    }

    /// Counts up one task's counter, from where the store has it.
    ///
    /// - Returns: the last number that was acknowledged, when a commit failed or `last` was reached.
    @discardableResult
    private static func count(_ task: UInt8, on store: RocksDBStore, until last: Int) async -> Int {
        var number = 0
        while number < last {
            do {
                let read = try await store.get([[task, 0], [task, 1]], .forDecision)
                number = read[0].map { Self.number($0.value) } ?? 0
                let next = number + 1
                let bytes = Array(String(next).utf8)
                // A kilobyte, so that the log fills.
                let value = bytes + [32] + [UInt8](repeating: task, count: 1000)
                let receipt = try await store.commit(
                    Batch(
                        checks: [
                            .unchanged([task, 0], since: read[0]?.version),
                            .unchanged([task, 1], since: read[1]?.version),
                        ],
                        writes: [.set([task, 0], value), .set([task, 1], value), .set([task, 2] + bytes, bytes)],
                        logAppends: [LogAppend(log: Self.log, payload: [task] + bytes)],
                        readAsOf: read.asOf
                    ))
                Self.say("\(task) \(next) \(receipt.version.rawValue)")
                number = next
            } catch {
                Self.say("failed \(error)")
                return number
            }
        }
        return number
    }

    /// Writes until the system refuses to let a file grow, reads meanwhile, and writes again once the store does.
    private static func outgrow(_ store: RocksDBStore, bytes: UInt64) async {
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t.max)
        #if canImport(Darwin)
        unsafe setrlimit(RLIMIT_FSIZE, &limit)
        #else
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        #endif
        let last = await Self.count(0, on: store, until: .max)
        Self.say("health \(store.health)")
        let read = try? await store.get([[0, 0]], .forAnswer)
        Self.say("read \(read?[0].map { Self.number($0.value) } == last || last == 0)")
        limit.rlim_cur = limit.rlim_max
        #if canImport(Darwin)
        unsafe setrlimit(RLIMIT_FSIZE, &limit)
        #else
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        #endif
        for await health in store.healthUpdates() where health.isTakingWrites { break }
        let known = (try? await store.get([[0, 0]], .forDecision))?[0].map { Self.number($0.value) } ?? 0
        await Self.count(0, on: store, until: known + 10)
        Self.say("done")
    }

    private static func number(_ value: [UInt8]) -> Int {
        Int(String(decoding: value.prefix { $0 != 32 }, as: UTF8.self)) ?? -1
    }

    /// One line in one write, so that lines are whole even when the process is killed.
    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
    }
}
