internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel
internal import WireProtocols

/// JSON alone: a PutItem's body into its input shape, and an item into GetItem's answer.
struct CodecMeasurement: Measurement {
    let name: String
    private let body: () throws -> Void

    var concurrency: Int? { nil }

    static func all() throws -> [any Measurement] {
        let text = Fixture.put(partition: "item", sort: 0, variant: 0, itemBytes: Fixture.codecItemBytes)
        let bytes = Array(text.utf8)
        let item = try Self.read(bytes).item
        let output = GetItemOutput(item: item)
        return [
            CodecMeasurement(name: "JSON read PutItem") { consume(try Self.read(bytes)) },
            CodecMeasurement(name: "JSON write item") {
                let writer = JSONWriter(ignoringJSONNames: true)
                output.write(to: writer)
                consume(writer.takeBytes())
            },
        ]
    }

    private init(name: String, body: @escaping () throws -> Void) {
        self.name = name
        self.body = body
    }

    func sample(seconds: Double) async throws -> [Metric: Double] {
        [.nanosecondsPerCall: try CallTimer.nanosecondsPerCall(seconds: seconds, self.body)]
    }

    private static func read(_ bytes: [UInt8]) throws -> PutItemInput {
        let reader = ShapeReader(JSONReader(bytes))
        let input = try PutItemInput(from: reader)
        try reader.wire.finish()
        guard reader.violations.isEmpty, input.item.failure == nil else {
            throw BenchError("the item is not read as a valid one")
        }
        return input
    }
}
