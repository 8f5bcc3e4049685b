internal import DynamoDBModel
package import KeyValue
package import Primitives
package import ServiceKit
internal import Synchronization
package import Telemetry

/// Amazon DynamoDB, on an ordered store.
package final class DynamoDBService: DynamoDBOperations {
    let store: any OrderedStore
    let catalog: TableCatalog
    let items: ItemStore
    let clock: any WallClock
    let random: any RandomSource
    let telemetry: any TelemetryPort
    /// The target of exports and the source of imports.
    let objects: any ObjectPort
    /// Receives the changes of tables with a Kinesis streaming destination.
    let dataStreams: any DataStreamPort
    /// Receives the errors of imports.
    let log: any LogSink
    /// Measures and limits the throughput of tables.
    let meters: Meters
    /// Measures the outcomes of requests.
    let operationMeter: OperationMeter
    /// Measures how much of the provisioned capacity is used.
    let capacityUse: CapacityUse
    /// Caches the targets of PartiQL statements.
    let statementTargets = StatementTargets()
    /// Work beside requests.
    package let jobs: BackgroundJobs
    private let transition: Atomic<Int64>
    /// How long a table is CREATING, UPDATING or DELETING, in milliseconds.
    var transitionMilliseconds: Int64 { self.transition.load(ordering: .relaxed) }

    /// AWS deletes "within a few days of their expiration"; a minute suits anyone who waits for it.
    package static let sweepMillisecondsDefault = 60_000
    private let sweepPause: Atomic<Int>
    /// The pause between two sweeps for expired items, in milliseconds.
    var sweepMilliseconds: Int { self.sweepPause.load(ordering: .relaxed) }
    /// Decides which of several servers on one store does the work beside requests; nil when there is only one.
    let lease: LeaseKeeper?
    /// Whether replication runs by itself; tests advance it step by step instead.
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

    /// Changes settings while the service runs. They take effect with the next request, the next state of a table, and
    /// the pause after the next sweep for expired items.
    package func reconfigure(isThrottling: Bool, transitionMilliseconds: Int64, sweepMilliseconds: Int) {
        precondition(transitionMilliseconds >= 0, "a table's states last no negative time")
        self.meters.setEnforcing(isThrottling)
        self.transition.store(transitionMilliseconds, ordering: .relaxed)
        self.sweepPause.store(sweepMilliseconds, ordering: .relaxed)
    }

    /// Resumes interrupted work and runs the permanent jobs, until the task is cancelled.
    package func run() async {
        self.startPublishingInsights()
        self.startPublishingMetrics()
        guard let lease = self.lease else {
            async let resuming: Void = self.resumeWithWrites()
            self.startRepeatedWork()
            await self.jobs.runUntilCancelled()
            await resuming
            return
        }
        await self.jobs.follow()
        async let leading: Void = lease.run { await self.lead($0) }
        await self.jobs.runUntilCancelled()
        await leading
    }

    /// Resumes work when the store takes writes: at the start, and each time that it takes them again.
    ///
    /// Work that fails too often ends, so after a long time without writes none is left. A change may also have reached
    /// the disk although its client was told that it failed, and then nobody has started what it began.
    private func resumeWithWrites() async {
        for await health in self.store.healthUpdates() where health.isTakingWrites { await self.resume() }
    }

    private func startRepeatedWork() {
        self.startRemovingExpiredRecords()
        self.startTrimming()
        self.startSweeping()
        self.startReplicating()
    }

    /// How soon the leader notices work that another server has started: an index to fill, a table to empty, an export.
    private static let lookMilliseconds = 1000

    /// Does the work beside requests for all servers on the store, until the task is cancelled.
    package func lead(_ term: LeaseTerm) async {
        self.jobs.lead { job in await LeaseTerm.$current.withValue(term) { await job() } }
        await LeaseTerm.$current.withValue(term) {
            self.startRepeatedWork()
            while !Task.isCancelled {
                await self.resume()
                // Sleep throws only on cancellation, when the lease is lost, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
            }
        }
        await self.jobs.follow()
    }

    /// Resumes work that a stop interrupted, that failed too often, or that another server started. May be called at
    /// any time.
    package func resume() async {
        await self.catalog.discardDeletedTables()
        self.startExpiryWork()
        for kind in BackupKeys.Kind.allCases { self.startWork(kind) }
        await self.resumeIndexWork()
        await self.startReplicationOfAll()
    }

    /// Starts removing the items of deleted tables; does not wait for it.
    func startDiscarding() {
        self.jobs.start("discard deleted tables") { await self.catalog.discardDeletedTables() }
    }
}
