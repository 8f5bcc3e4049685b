import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Foundation
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Synchronization
import Telemetry
import Testing

/// A place for streams that tests open, close and look into.
private final class Streams: DataStreamPort {
    private struct State {
        var isOpen = true
        var failures = 0
        var records: [DataStreamRecord] = []
    }

    private let state = Mutex(State())

    var isOpen: Bool {
        get { self.state.withLock { $0.isOpen } }
        set { self.state.withLock { $0.isOpen = newValue } }
    }

    func failNext() { self.state.withLock { $0.failures = 1 } }

    /// The data of all records as JSON.
    var texts: [String] { self.state.withLock { $0.records.map { String(decoding: $0.data, as: UTF8.self) } } }
    var partitionKeys: [String] { self.state.withLock { $0.records.map(\.partitionKey) } }

    func hasStream(_ stream: ARN) async -> Bool { self.isOpen }

    func put(_ records: [DataStreamRecord], in stream: ARN) async throws(DataStreamError) {
        let isRefused = self.state.withLock { state in
            if state.failures > 0 {
                state.failures -= 1
                return true
            }
            state.records += records
            return false
        }
        if isRefused { throw .unavailable("it is full") }
    }
}

/// The changes of a table on their way into a data stream.
struct KinesisDeliveryTests {
    private static let stream = "arn:aws:kinesis:eu-central-1:123456789012:stream/changes"

    private let clock = ManualClock(Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
    private let streams = Streams()
    private let store: MemoryStore
    private let context = TableFixture.context()

    init() {
        self.store = MemoryStore(clock: self.clock)
    }

    /// A start of the server, which delivers when the test says so.
    private func start() -> DynamoDBService {
        DynamoDBService(
            store: self.store, clock: self.clock, random: SeededRandomSource(seed: 7), telemetry: MetricHistory(),
            dataStreams: self.streams, replicatesByItself: false)
    }

    private func enable(_ service: DynamoDBService, _ precision: ApproximateCreationDateTimePrecision? = nil)
        async throws
    {
        _ = try await service.enableKinesisStreamingDestination(
            EnableKinesisStreamingDestinationInput(
                tableName: "table", streamARN: Self.stream,
                enableKinesisStreamingConfiguration: precision.map {
                    EnableKinesisStreamingConfiguration(approximateCreationDateTimePrecision: $0)
                }), self.context)
    }

    private func put(_ service: DynamoDBService, _ key: String, _ value: Int) async throws {
        _ = try await service.putItem(
            PutItemInput(tableName: "table", item: item([("pk", .s(key)), ("v", .n(DynamoDBNumber(value)))])),
            self.context)
    }

    private func deleted(_ service: DynamoDBService, _ key: String) async throws {
        _ = try await service.deleteItem(
            DeleteItemInput(tableName: "table", key: item([("pk", .s(key))])), self.context)
    }

    private func withTable() async throws -> DynamoDBService {
        let service = self.start()
        _ = try await service.createTable(tableInput(), self.context)
        return service
    }

    /// `event name, keys, old, new` of each record.
    private var changes: [String] {
        get throws {
            try self.streams.texts.map { text in
                let record = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
                let body = record["dynamodb"] as? [String: Any] ?? [:]
                func value(_ image: String, _ name: String, _ type: String) -> String {
                    ((body[image] as? [String: Any])?[name] as? [String: String])?[type] ?? "-"
                }
                return [
                    record["eventName"] as? String ?? "", value("Keys", "pk", "S"), value("OldImage", "v", "N"),
                    value("NewImage", "v", "N"),
                ].joined(separator: " ")
            }
        }
    }

    @Test func `a change becomes the record that AWS sends`() async throws {
        let service = try await self.withTable()
        try await self.enable(service)
        try await self.put(service, "a", 1)
        try await service.deliver()
        let text = try #require(self.streams.texts.first)
        let id = text.split(separator: "\"")[9 - 2]
        #expect(id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        #expect(
            text == #"{"awsRegion":"eu-central-1","eventID":"\#(id)","eventName":"INSERT","userIdentity":null,"#
                + #""recordFormat":"application/json","tableName":"table","dynamodb":{"#
                + #""ApproximateCreationDateTime":1795496430123,"Keys":{"pk":{"S":"a"}},"#
                + #""NewImage":{"pk":{"S":"a"},"v":{"N":"1"}},"SizeBytes":9},"eventSource":"aws:dynamodb"}"#)
        #expect(self.streams.partitionKeys.allSatisfy { $0.count == 32 && $0 == $0.uppercased() })
    }

    @Test func `a destination's precision shows in its records`() async throws {
        let service = try await self.withTable()
        try await self.enable(service, .microsecond)
        try await self.put(service, "a", 1)
        try await service.deliver()
        let text = try #require(self.streams.texts.first)
        #expect(
            text.contains(
                #""ApproximateCreationDateTime":1795496430123000,"ApproximateCreationDateTimePrecision":"MICROSECOND""#)
        )
    }

    @Test func `changes go in their order, from the enabling to the disabling, and what changes nothing does not`()
        async throws
    {
        let service = try await self.withTable()
        try await self.put(service, "a", 1)
        try await self.enable(service)
        try await self.put(service, "a", 2)
        try await self.put(service, "a", 2)
        try await self.put(service, "b", 1)
        try await self.deleted(service, "a")
        try await service.deliver()
        let wanted = ["MODIFY a 1 2", "INSERT b - 1", "REMOVE a 2 -"]
        #expect(try self.changes == wanted)
        _ = try await service.disableKinesisStreamingDestination(
            DisableKinesisStreamingDestinationInput(tableName: "table", streamARN: Self.stream), self.context)
        try await self.put(service, "c", 1)
        try await service.deliver()
        #expect(try self.changes == wanted)
        // A destination that is enabled again begins where it is enabled.
        try await self.enable(service)
        try await self.put(service, "d", 1)
        try await service.deliver()
        #expect(try self.changes == wanted + ["INSERT d - 1"])
        let keys = self.streams.partitionKeys
        #expect(keys[0] == keys[2] && keys[0] != keys[1])
    }

    @Test func `records wait for a stream that is not there, and for one that takes none, through a restart`()
        async throws
    {
        var service = try await self.withTable()
        try await self.enable(service)
        self.streams.isOpen = false
        try await self.put(service, "a", 1)
        try await service.deliver()
        #expect(try self.changes == [])
        service = self.start()
        self.streams.isOpen = true
        self.streams.failNext()
        try await service.deliver()
        #expect(try self.changes == [])
        try await self.put(service, "b", 1)
        try await service.deliver()
        #expect(try self.changes == ["INSERT a - 1", "INSERT b - 1"])
        service = self.start()
        try await service.deliver()
        #expect(try self.changes.count == 2)
    }

    @Test func `the deletion of a table ends its delivery`() async throws {
        let service = try await self.withTable()
        try await self.enable(service)
        _ = try await service.deleteTable(DeleteTableInput(tableName: "table"), self.context)
        try await service.deliver()
        _ = try await service.createTable(tableInput(), self.context)
        try await self.put(service, "a", 1)
        try await service.deliver()
        #expect(try self.changes == [])
    }

    @Test func `many changes go piece by piece, none twice`() async throws {
        let service = try await self.withTable()
        try await self.enable(service)
        for number in 0..<250 { try await self.put(service, "k\(number)", number) }
        try await service.deliver()
        #expect(try self.changes == (0..<250).map { "INSERT k\($0) - \($0)" })
    }
}
