import DynamoDBModel
import DynamoDBService
import DynamoDBStreamsModel
import DynamoDBValues
import KeyValue
import Primitives
import ServiceModel
import Signing
import Telemetry
import Testing

/// A service as the gateway calls it, and what it hands over to CloudWatch.
struct MetricsFixture {
    let history = MetricHistory()
    let clock = ManualClock(Timestamp(millisecondsSinceEpoch: 1_795_496_430_123))
    let store: MemoryStore
    let service: DynamoDBService
    let streams: DynamoDBStreamsService
    let context = TableFixture.context()

    init() {
        self.store = MemoryStore(clock: self.clock)
        self.service = DynamoDBService(
            store: self.store, clock: self.clock, random: SeededRandomSource(seed: 7), telemetry: self.history)
        guard let box = SecretBox(key: [UInt8](repeating: 7, count: SecretBox.keyBytes)) else {
            preconditionFailure("a key of \(SecretBox.keyBytes) bytes is one")
        }
        self.streams = DynamoDBStreamsService(store: self.store, clock: self.clock, box: box)
    }

    /// The table `items`, with `read` and `write` units a second, or on demand.
    func create(
        _ input: CreateTableInput = ItemFixture.plain, units: (read: Int, write: Int)? = nil
    ) async throws {
        var input = input
        if let units {
            let throughput = ProvisionedThroughput(readCapacityUnits: units.read, writeCapacityUnits: units.write)
            input.billingMode = .provisioned
            input.provisionedThroughput = throughput
            for index in (input.globalSecondaryIndexes ?? []).indices {
                input.globalSecondaryIndexes?[index].provisionedThroughput = throughput
            }
        }
        #expect(try await self.call("CreateTable", input) == nil)
    }

    /// Runs an operation as the gateway does.
    /// - Returns: the code of the error, if it is one.
    @discardableResult
    func call(
        _ operation: String, _ input: any ReadableShape, as context: RequestContext? = nil
    ) async throws -> String? {
        let context = context ?? self.context
        for service in [self.service.guardedBinding, self.service.guarded(self.streams.binding)] {
            guard let binding = service.operations.first(where: { $0.schema.name == operation }) else { continue }
            do throws(ServiceError) {
                _ = try await binding.invoke(input.decoded, context)
                return nil
            } catch {
                service.onError?(error, context)
                return error.code
            }
        }
        preconditionFailure("\(operation) is an operation")
    }

    func put(_ entries: [(String, AttributeValue)], table: String = "items") async throws -> String? {
        try await self.call("PutItem", PutItemInput(tableName: table, item: item(entries)))
    }

    /// All that was measured of a metric; nil where nothing was.
    func set(_ name: String, _ dimensions: KeyValuePairs<String, String> = [:]) -> StatisticSet? {
        self.history.totals.first { entry in
            entry.id.namespace == "AWS/DynamoDB" && entry.id.name == name
                && entry.id.account == self.context.account && entry.id.region == self.context.region
                && entry.id.dimensions.elementsEqual(dimensions) { $0.name == $1.key && $0.value == $1.value }
        }?.total
    }

    func sum(_ name: String, _ dimensions: KeyValuePairs<String, String> = [:]) -> Double? {
        self.set(name, dimensions)?.sum
    }
}
