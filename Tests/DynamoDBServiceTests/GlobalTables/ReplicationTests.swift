import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

private let east = GlobalFixture.east
private let west = GlobalFixture.west
private let north = GlobalFixture.north

struct ReplicationTests {
    @Test func `a new replica has what there was, and then what is written in either region`() async throws {
        let fixture = GlobalFixture()
        try await fixture.createIndexed()
        for number in 0..<250 { try await fixture.put(east, "old \(number)", [("a", .s("x"))]) }
        try await fixture.add(west)
        #expect(try await fixture.contents(west) == fixture.contents(east))
        try await fixture.put(east, "from east")
        try await fixture.put(west, "from west", [("a", .s("y"))])
        #expect(try await fixture.get(west, "from east") == nil)
        try await fixture.settle()
        #expect(try await fixture.get(west, "from east") != nil)
        #expect(try await fixture.get(east, "from west")?["a"] == .s("y"))
        #expect(try await fixture.contents(east, index: "byA").count == 251)
        #expect(try await fixture.contents(west, index: "byA").count == 251)
    }

    @Test func `the later of two writes wins in both regions, in whichever order they arrive`() async throws {
        for isEastFirst in [true, false] {
            let fixture = GlobalFixture()
            try await fixture.create()
            try await fixture.add(west)
            let (first, second) = isEastFirst ? (east, west) : (west, east)
            try await fixture.put(first, "item", [("n", int(1))])
            try await fixture.put(second, "item", [("n", int(2))])
            try await fixture.settle()
            #expect(try await fixture.get(east, "item")?["n"] == int(2))
            #expect(try await fixture.get(west, "item")?["n"] == int(2))
        }
    }

    @Test func `an older write does not bring back what was deleted later elsewhere`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.put(east, "item", [("n", int(1))])
        try await fixture.settle()
        try await fixture.put(west, "item", [("n", int(2))])
        try await fixture.remove(east, "item")
        try await fixture.settle()
        #expect(try await fixture.get(east, "item") == nil)
        #expect(try await fixture.get(west, "item") == nil)
        try await fixture.put(west, "item", [("n", int(3))])
        try await fixture.settle()
        #expect(try await fixture.get(east, "item")?["n"] == int(3))
    }

    @Test func `a deletion that arrives before the write it follows leaves nothing in a third region`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.add(north)
        let links = try await fixture.service.replicationLinks()
        try await fixture.put(east, "item")
        // Links are sorted by source and target: east to west, east to north, west to east, ...
        try await fixture.service.replicationStep(links[0], limit: 10)
        try await fixture.remove(west, "item")
        try await fixture.service.replicationStep(links[3], limit: 10)
        try await fixture.service.replicationStep(links[3], limit: 10)
        #expect(try await fixture.get(north, "item") == nil)
        try await fixture.settle()
        for region in [east, west, north] { #expect(try await fixture.get(region, "item") == nil) }
    }

    @Test func `what was replicated is not replicated again`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.put(east, "item")
        try await fixture.settle()
        let before = fixture.measurements.all.filter { $0.hasPrefix("ReplicationLatency") }
        #expect(before == ["ReplicationLatency us-east-1 orders,us-west-2"])
        try await fixture.settle()
        #expect(fixture.measurements.all.filter { $0.hasPrefix("ReplicationLatency") } == before)
    }

    @Test func `a write that changes nothing is no later write`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.put(east, "item", [("n", int(1))])
        try await fixture.settle()
        try await fixture.put(east, "item", [("n", int(2))])
        try await fixture.put(west, "item", [("n", int(1))])
        try await fixture.settle()
        #expect(try await fixture.get(east, "item")?["n"] == int(2))
        #expect(try await fixture.get(west, "item")?["n"] == int(2))
    }

    @Test func `replication goes on by itself, after a start too`() async throws {
        var fixture = GlobalFixture(isAutomatic: true)
        try await fixture.create()
        try await fixture.put(east, "old")
        try await fixture.add(west)
        #expect(try await fixture.describe(west).tableStatus == .active)
        try await fixture.put(west, "new")
        try await fixture.settle()
        #expect(try await fixture.contents(east).count == 2)
        await fixture.service.jobs.stop()
        try await fixture.put(east, "while nobody replicates")
        await fixture.restart()
        try await fixture.settle()
        #expect(try await fixture.contents(west).count == 3)
    }

    @Test func `an item that is over is deleted in every region`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        let setting = TimeToLiveSpecification(enabled: true, attributeName: "end")
        _ = try await fixture.service.updateTimeToLive(
            UpdateTimeToLiveInput(tableName: GlobalFixture.table, timeToLiveSpecification: setting),
            fixture.context(west))
        let described = try await fixture.service.describeTimeToLive(
            DescribeTimeToLiveInput(tableName: GlobalFixture.table), fixture.context(east))
        #expect(described.timeToLiveDescription?.attributeName == "end")
        try await fixture.put(east, "item", [("end", int(1_795_496_431))])
        try await fixture.settle()
        fixture.clock.advance(milliseconds: 5000)
        await fixture.service.sweepExpiredItems()
        try await fixture.settle()
        #expect(try await fixture.contents(east).isEmpty)
        #expect(try await fixture.contents(west).isEmpty)
    }

    @Test func `tombstones go once nothing older can come, and only then`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.put(east, "item")
        try await fixture.settle()
        try await fixture.put(west, "item", [("n", int(2))])
        try await fixture.remove(east, "item")
        await fixture.service.trimLogs()
        try await fixture.settle()
        #expect(try await fixture.contents(east).isEmpty)
        #expect(try await Self.tombstones(fixture) == 2)
        await fixture.service.trimLogs()
        #expect(try await Self.tombstones(fixture) == 0)
    }

    /// The deletions that the tables with the numbers 1 and 2 remember.
    private static func tombstones(_ fixture: GlobalFixture) async throws -> Int {
        var count = 0
        for number in 1...2 as ClosedRange<UInt8> {
            let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, number, 0xFF, 0xFE]
            let page = try await fixture.store.scan(
                KeyRange(prefix: prefix), limit: 100, byteLimit: 1 << 20, reverse: false)
            count += page.entries.count
        }
        return count
    }

    @Test func `a log is kept until every replica has it`() async throws {
        let fixture = GlobalFixture()
        try await fixture.create()
        try await fixture.add(west)
        try await fixture.put(east, "item")
        fixture.clock.advance(milliseconds: 864_000_000)
        await fixture.service.trimLogs()
        try await fixture.settle()
        #expect(try await fixture.get(west, "item") != nil)
    }

    @Test func `writers at the same time in two regions leave the same items in both`() async throws {
        let fixture = GlobalFixture(isAutomatic: true)
        try await fixture.createIndexed()
        try await fixture.add(west)
        await withTaskGroup(of: ServiceError?.self) { group in
            for writer in 0..<8 {
                let region = writer % 2 == 0 ? east : west
                group.addTask {
                    await refused { () throws(ServiceError) in
                        for number in 0..<60 {
                            let key = "k\((writer + number) % 5)"
                            if number % 7 == writer % 7 {
                                try await fixture.remove(region, key)
                            } else {
                                try await fixture.put(region, key, [("a", .s("\(writer)")), ("n", int(number))])
                            }
                        }
                    }
                }
            }
            for await refusal in group { #expect(refusal == nil) }
        }
        try await fixture.settle()
        let contents = try await fixture.contents(east)
        #expect(try await fixture.contents(west) == contents)
        #expect(try await fixture.contents(east, index: "byA") == contents)
        #expect(try await fixture.contents(west, index: "byA") == contents)
    }

    @Test(arguments: 0..<40) func `regions with writers of their own end with the same items`(_ seed: Int) async throws
    {
        var schedule = ReplicationSchedule(seed: UInt64(seed))
        try await schedule.run()
    }
}

/// A run of writes in two or three regions, with replication in between, all by chance.
private struct ReplicationSchedule {
    private var random: SeededRandom
    private var fixture = GlobalFixture()
    private let seed: UInt64
    private var regions = [east, west]
    /// What the last write of each key left.
    private var expected: [String: [String: AttributeValue]?] = [:]

    init(seed: UInt64) {
        self.seed = seed
        self.random = SeededRandom(seed: seed)
    }

    mutating func run() async throws {
        try await self.fixture.createIndexed()
        for number in 0..<6 { try await self.write(east, number) }
        try await self.begin(west, from: east)
        for step in 0..<120 {
            if step == 60 {
                try await self.finishAll()
                try await self.begin(north, from: self.pick([east, west]))
                self.regions.append(north)
            }
            switch self.random.next(below: 10) {
            case 0..<5: try await self.write(self.pick(self.regions), step)
            case 5..<9: try await self.move()
            default: try await self.interrupt()
            }
        }
        try await self.finishAll()
        try await self.compare()
    }

    private mutating func pick(_ values: [String]) -> String {
        values[self.random.next(below: values.count)]
    }

    /// A replica whose items are still to come.
    private func begin(_ region: String, from source: String) async throws {
        _ = try await self.fixture.update(source) { $0.replicaUpdates = [creating(region)] }
    }

    private mutating func write(_ region: String, _ step: Int) async throws {
        let key = "k\(self.random.next(below: 4))"
        do throws(ServiceError) {
            let before = try await self.fixture.get(region, key)
            if self.random.next(below: 3) == 0 {
                try await self.fixture.remove(region, key)
            } else {
                let value = AttributeValue.s("v\(self.random.next(below: 3))")
                try await self.fixture.put(region, key, [("a", value), ("n", int(step % 5))])
            }
            let after = try await self.fixture.get(region, key)
            if before != after { self.expected[key] = .some(after) }
        } catch {
            // The region's table is CREATING yet.
            #expect(error.code == "ResourceNotFoundException", "seed \(self.seed)")
        }
        if self.random.next(below: 4) == 0 { self.fixture.clock.advance(milliseconds: 1) }
    }

    private mutating func move() async throws {
        let links = try await self.fixture.service.replicationLinks()
        let link = links[self.random.next(below: links.count)]
        try await self.fixture.service.replicationStep(link, limit: 1 + self.random.next(below: 3))
    }

    private mutating func interrupt() async throws {
        if self.random.next(below: 2) == 0 {
            await self.fixture.service.trimLogs()
        } else {
            await self.fixture.restart()
        }
    }

    private func finishAll() async throws {
        try await self.fixture.settle()
    }

    private func compare() async throws {
        let expected = self.expected.compactMapValues(\.self)
        for region in self.regions {
            let found = try await self.fixture.contents(region)
            #expect(found == expected, "\(region) with seed \(self.seed)")
            let indexed = try await self.fixture.contents(region, index: "byA")
            #expect(indexed == expected, "the index in \(region) with seed \(self.seed)")
        }
    }
}

/// Numbers by chance that are the same in every run.
private struct SeededRandom {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1
    }

    mutating func next(below bound: Int) -> Int {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return Int(self.state % UInt64(bound))
    }
}
