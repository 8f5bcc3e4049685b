internal import DynamoDBModel
package import KeyValue
package import Primitives
package import ServiceKit
internal import Synchronization
package import Telemetry

/// Amazon DynamoDB on an ordered store.
package final class DynamoDBService: DynamoDBOperations {
    let store: any OrderedStore
    let catalog: TableCatalog
    let items: ItemStore
    let clock: any WallClock
    let random: any RandomSource
    let telemetry: any TelemetryPort
    /// Where exports go and imports come from.
    let objects: any ObjectPort
    /// Where changes of tables go that have a destination.
    let dataStreams: any DataStreamPort
    /// Where the errors of imports go.
    let log: any LogSink
    /// What tables consume, and may consume.
    let meters: Meters
    /// What became of requests.
    let operationMeter: OperationMeter
    /// How much of provisioned capacity is used.
    let capacityUse: CapacityUse
    /// What statements of PartiQL work on.
    let statementTargets = StatementTargets()
    /// What goes on beside requests.
    package let jobs: BackgroundJobs
    private let transition: Atomic<Int64>
    /// How long a table is CREATING, UPDATING or DELETING, in milliseconds.
    var transitionMilliseconds: Int64 { self.transition.load(ordering: .relaxed) }

    /// AWS deletes "within a few days of their expiration"; a minute suits whoever waits for it.
    package static let sweepMillisecondsDefault = 60_000
    private let sweepPause: Atomic<Int>
    /// Between two looks for expired items.
    var sweepMilliseconds: Int { self.sweepPause.load(ordering: .relaxed) }
    /// Which of several servers on one store does what goes on beside requests; nil where there is one server.
    let lease: LeaseKeeper?
    /// Whether replication goes on by itself; else tests move it on, step by step.
    let replicatesByItself: Bool

    package init(
        store: any OrderedStore,
        clock: any WallClock,
        random: any RandomSource,
        telemetry: any TelemetryPort,
        objects: any ObjectPort = NoObjects(),
        dataStreams: any DataStreamPort = NoDataStreams(),
        log: any LogSink = DiscardingLogSink(),
        transitionMilliseconds: Int64 = 0,
        isThrottling: Bool = true,
        sweepMilliseconds: Int = DynamoDBService.sweepMillisecondsDefault,
        jobs: BackgroundJobs = BackgroundJobs(),
        replicatesByItself: Bool = true
    ) {
        precondition(transitionMilliseconds >= 0, "a table's states last no negative time")
        self.transition = Atomic(transitionMilliseconds)
        let isShared = store.limits.isShared
        let store: any OrderedStore = isShared ? FencedStore(store) : store
        self.store = store
        self.lease =
            isShared ? LeaseKeeper(store: store, key: CatalogKeys.lease, clock: clock, random: random) : nil
        self.catalog = TableCatalog(store: store, clock: clock)
        self.meters = Meters(clock: clock, isEnforcing: isThrottling)
        self.operationMeter = OperationMeter(start: clock.now())
        self.capacityUse = CapacityUse(start: clock.now())
        self.items = ItemStore(store: store, catalog: self.catalog, meters: self.meters)
        self.clock = clock
        self.random = random
        self.telemetry = telemetry
        self.objects = objects
        self.dataStreams = dataStreams
        self.log = log
        self.sweepPause = Atomic(sweepMilliseconds)
        self.jobs = jobs
        self.replicatesByItself = replicatesByItself
        self.connectReplication()
    }

    /// Takes other settings while it serves: for the next request, the next state of a table, the pause after the next
    /// look for expired items.
    package func reconfigure(isThrottling: Bool, transitionMilliseconds: Int64, sweepMilliseconds: Int) {
        precondition(transitionMilliseconds >= 0, "a table's states last no negative time")
        self.meters.setEnforcing(isThrottling)
        self.transition.store(transitionMilliseconds, ordering: .relaxed)
        self.sweepPause.store(sweepMilliseconds, ordering: .relaxed)
    }

    /// Goes on with what a stop interrupted and with what goes on at all times, until the task is cancelled.
    package func run() async {
        self.startTellingInsights()
        self.startTellingMetrics()
        guard let lease = self.lease else {
            await self.startWorking()
            await self.jobs.runUntilCancelled()
            return
        }
        await self.jobs.follow()
        async let leading: Void = lease.run { await self.lead($0) }
        await self.jobs.runUntilCancelled()
        await leading
    }

    private func startWorking() async {
        await self.resume()
        self.startRemovingWhatIsOver()
        self.startTrimming()
        self.startSweeping()
        self.startReplicating()
    }

    /// How soon the leader finds what another server began: an index to fill, a table to empty, an export.
    private static let lookMilliseconds = 1000

    /// Does for all servers what goes on beside requests, until the task is cancelled.
    package func lead(_ term: LeaseTerm) async {
        self.jobs.lead { job in await LeaseTerm.$current.withValue(term) { await job() } }
        await LeaseTerm.$current.withValue(term) {
            await self.startWorking()
            while !Task.isCancelled {
                // Ended early by the loss of the lease only, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
                await self.resume()
            }
        }
        await self.jobs.follow()
    }

    /// Goes on with what a stop interrupted, or another server began. Call once after start, or again at any time.
    package func resume() async {
        await self.catalog.discardDeletedTables()
        self.startExpiryWork()
        for kind in BackupKeys.Kind.allCases { self.startWork(kind) }
        await self.resumeIndexWork()
        await self.startReplicationOfAll()
    }

    /// Begins to remove the items of deleted tables and does not wait for it.
    func startDiscarding() {
        self.jobs.start("discard deleted tables") { await self.catalog.discardDeletedTables() }
    }
}
