import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import KeyValueConformance
import Primitives
import ServiceKit
import ServiceModel
import Signing
import Telemetry
import TestSupport
import Testing

/// A service whose tasks take turns by a seed, on a disk that outlives its process.
///
/// A test that fails names its seed. `make test` always uses the same ones; `make fuzz` looks for others, and
/// `make fuzz FUZZ_SEED=…` repeats what it found.
final class Simulation: Sendable {
    let seed: UInt64
    // 2026-11-24T05:00:30.123
    let clock = ManualClock(Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
    private let executor: SeededExecutor
    private let disk = SimulatedDisk()
    private let random: SeededRandomSource

    init(_ own: UInt64) {
        self.seed = SeededRandomSource.testSeed(own)
        self.executor = SeededExecutor(seed: self.seed)
        self.random = SeededRandomSource(seed: self.seed &+ 1)
    }

    /// A number of the run's own below a bound.
    func below(_ bound: Int) -> Int { Int(self.random.next() % UInt64(bound)) }

    /// A generator of its own for a task, so that what a task asks for does not depend on the others.
    func generator() -> SeededGenerator { SeededGenerator(seed: self.random.next()) }

    /// Runs `body` on the simulation's turns.
    func run(_ body: @Sendable () async throws -> Void) async throws {
        try await withTaskExecutorPreference(self.executor) { try await body() }
    }

    /// A process on what the last one left on the disk.
    func start(transitionMilliseconds: Int64 = 0, objects: any ObjectPort = NoObjects()) -> SimulatedProcess {
        let store = SimulatedStore(self.disk, clock: self.clock, executor: self.executor, seed: self.random.next())
        let service = DynamoDBService.simulated(
            store, self.clock, BackgroundJobs(executor: self.executor), objects: objects,
            transitionMilliseconds: transitionMilliseconds)
        return SimulatedProcess(store: store, service: service, clock: self.clock)
    }

    /// Everything on the disk, for checks that no request can make.
    func contents(_ range: KeyRange) async throws -> [Page.Entry] {
        Array(try await self.disk.store.scan(range, limit: .max, byteLimit: .max, reverse: false).entries)
    }
}

/// A process of a `Simulation`.
struct SimulatedProcess: ItemCalls {
    let store: SimulatedStore
    let service: DynamoDBService
    let streams: DynamoDBStreamsService
    let context = TableFixture.context()

    init(store: SimulatedStore, service: DynamoDBService, clock: any WallClock) {
        self.store = store
        self.service = service
        guard let box = SecretBox(key: [UInt8](repeating: 7, count: SecretBox.keyBytes)) else {
            preconditionFailure("a key of \(SecretBox.keyBytes) bytes is one")
        }
        self.streams = DynamoDBStreamsService(
            store: store, clock: clock, box: box, shardMilliseconds: StreamFixture.hour)
    }

    /// Ends the process as `kill -9` does, if it has not ended by itself.
    func kill() async {
        self.store.end()
        await self.service.jobs.stop()
    }
}

extension DynamoDBService {
    private struct NoTelemetry: TelemetryPort {
        func record(_ datum: MetricDatum, account: AccountID, region: Region, time: Timestamp) {}
    }

    static func simulated(
        _ store: any OrderedStore, _ clock: any WallClock, _ jobs: BackgroundJobs,
        objects: any ObjectPort = NoObjects(), transitionMilliseconds: Int64 = 0
    ) -> DynamoDBService {
        DynamoDBService(
            store: store, clock: clock, random: SeededRandomSource(seed: 7), telemetry: NoTelemetry(),
            objects: objects, transitionMilliseconds: transitionMilliseconds, jobs: jobs)
    }
}

/// What a client makes of an error in a test whose server may be killed.
enum Refusal {
    case conditionFailed(AttributeMap?)
    /// Nothing was done.
    case conflict
    /// Whether it was done is not known: the process has ended.
    case unanswered
    case other(ServiceError)

    init(_ error: ServiceError) {
        if let failed = error.detail as? ConditionalCheckFailedException {
            self = .conditionFailed(failed.item)
        } else if error.code == "DuplicateItemException" {
            self = .conditionFailed(nil)
        } else if let cancelled = error.detail as? TransactionCanceledException {
            let codes = Set((cancelled.cancellationReasons ?? []).compactMap(\.code)).subtracting(["None"])
            if codes.isSubset(of: ["ConditionalCheckFailed", "DuplicateItem"]) {
                self = .conditionFailed(nil)
            } else if codes.contains("TransactionConflict") {
                self = .conflict
            } else {
                self = .other(error)
            }
        } else if error.code == "TransactionConflictException" {
            self = .conflict
        } else if error.status == 503 {
            self = .unanswered
        } else {
            self = .other(error)
        }
    }
}
