import DynamoDBModel
import DynamoDBService
import ServiceModel
import Testing

private let state = "Table is not in a valid state to enable Kinesis Streaming Destination: "
private let first = "arn:aws:kinesis:eu-central-1:123456789012:stream/first"
private let second = "arn:aws:kinesis:eu-central-1:123456789012:stream/second"

extension TableFixture {
    fileprivate func enable(
        _ stream: String, table: String = "table", _ precision: ApproximateCreationDateTimePrecision? = nil
    ) async throws(ServiceError) -> KinesisStreamingDestinationOutput {
        var input = EnableKinesisStreamingDestinationInput(tableName: table, streamARN: stream)
        if let precision {
            input.enableKinesisStreamingConfiguration = EnableKinesisStreamingConfiguration(
                approximateCreationDateTimePrecision: precision)
        }
        return try await self.service.enableKinesisStreamingDestination(input, self.context)
    }

    fileprivate func disable(_ stream: String) async throws(ServiceError) -> KinesisStreamingDestinationOutput {
        let input = DisableKinesisStreamingDestinationInput(tableName: "table", streamARN: stream)
        return try await self.service.disableKinesisStreamingDestination(input, self.context)
    }

    fileprivate func update(
        _ stream: String, _ precision: ApproximateCreationDateTimePrecision?
    ) async throws(ServiceError) -> UpdateKinesisStreamingDestinationOutput {
        let configuration = UpdateKinesisStreamingConfiguration(approximateCreationDateTimePrecision: precision)
        let input = UpdateKinesisStreamingDestinationInput(
            tableName: "table", streamARN: stream, updateKinesisStreamingConfiguration: configuration)
        return try await self.service.updateKinesisStreamingDestination(input, self.context)
    }

    /// `stream name, status, description, precision` of each destination.
    fileprivate func destinations() async throws(ServiceError) -> [String] {
        let input = DescribeKinesisStreamingDestinationInput(tableName: "table")
        let answer = try await self.service.describeKinesisStreamingDestination(input, self.context)
        return (answer.kinesisDataStreamDestinations ?? []).map { destination in
            [
                destination.streamARN?.split(separator: "/").last.map(String.init) ?? "",
                destination.destinationStatus?.rawValue ?? "", destination.destinationStatusDescription ?? "",
                destination.approximateCreationDateTimePrecision?.rawValue ?? "",
            ].joined(separator: ",")
        }
    }

    fileprivate static func withTable() async throws(ServiceError) -> TableFixture {
        let fixture = TableFixture()
        try await fixture.create(tableInput())
        return fixture
    }
}

/// The operations on Kinesis streaming destinations, which are one machine of states.
struct KinesisDestinationTests {
    @Test func `a destination goes from enabled to disabled, and stays listed`() async throws {
        let fixture = try await TableFixture.withTable()
        #expect(try await fixture.destinations() == [])
        let enabled = try await fixture.enable(first, table: tableARN("table"))
        #expect(enabled.tableName == "table")
        #expect(enabled.streamARN == first)
        #expect(enabled.destinationStatus == .enabling)
        #expect(enabled.enableKinesisStreamingConfiguration != nil)
        #expect(try await fixture.destinations() == ["first,ACTIVE,,"])
        #expect(try await fixture.disable(first).destinationStatus == .disabling)
        #expect(try await fixture.destinations() == ["first,DISABLED,,"])
        _ = try await fixture.enable(second, .microsecond)
        #expect(try await fixture.destinations() == ["second,ACTIVE,,MICROSECOND", "first,DISABLED,,"])
        _ = try await fixture.disable(second)
        _ = try await fixture.enable(first)
        let restarted = TableFixture(store: fixture.store)
        #expect(try await restarted.destinations() == ["first,ACTIVE,,", "second,DISABLED,,"])
    }

    @Test func `a table has one active destination`() async throws {
        let fixture = try await TableFixture.withTable()
        _ = try await fixture.enable(first)
        for stream in [first, second] {
            let refusal = await #expect(throws: ServiceError.self) { try await fixture.enable(stream) }
            #expect(refusal?.code == "ValidationException")
            #expect(
                refusal?.message == state
                    + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
            )
        }
    }

    @Test(
        arguments: [
            (
                "arn:aws:dynamodb:eu-central-1:123456789012:table/table",
                "User does not have a permission to use kinesis stream"
            ),
            (
                "arn:aws:kinesis:eu-central-1:123456789012:stream/s/consumer/c:1",
                "User does not have a permission to use kinesis stream"
            ),
            (
                "arn:aws:kinesis:us-east-1:123456789012:stream/s",
                "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region"
            ),
            (
                "arn:aws:kinesis:eu-central-1:999999999999:stream/s",
                "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in Active state"
            ),
        ] as [(String, String)])
    func `what can be no stream of the table's fails afterwards, in AWS's words`(
        _ arn: String, _ description: String
    ) async throws {
        let fixture = try await TableFixture.withTable()
        #expect(try await fixture.enable(arn).destinationStatus == .enabling)
        let name = arn.split(separator: "/").last.map(String.init) ?? ""
        #expect(try await fixture.destinations() == ["\(name),ENABLE_FAILED,\(description),"])
        _ = try await fixture.enable(arn)
        _ = try await fixture.enable(first)
        #expect(try await fixture.destinations().count == 2)
    }

    @Test func `failed and disabled destinations are kept up to the limit`() async throws {
        let fixture = try await TableFixture.withTable()
        for number in 0...100 {
            _ = try await fixture.enable("arn:aws:kinesis:us-east-1:123456789012:stream/\(number)")
        }
        let destinations = try await fixture.destinations()
        #expect(destinations.count == 100)
        #expect(destinations.first?.hasPrefix("100,") == true)
    }

    @Test func `only what is active is disabled, and without a configuration`() async throws {
        let fixture = try await TableFixture.withTable()
        for stream in [first, "not-an-arn"] {
            let refusal = await #expect(throws: ServiceError.self) { try await fixture.disable(stream) }
            #expect(
                refusal?.message
                    == state + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
            )
        }
        _ = try await fixture.enable(first)
        let input = DisableKinesisStreamingDestinationInput(
            tableName: "table", streamARN: first,
            enableKinesisStreamingConfiguration: EnableKinesisStreamingConfiguration())
        let refusal = await #expect(throws: ServiceError.self) {
            try await fixture.service.disableKinesisStreamingDestination(input, fixture.context)
        }
        #expect(refusal?.message == "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
    }

    @Test func `the precision is changed while the destination is active, and is forgotten with it`() async throws {
        let fixture = try await TableFixture.withTable()
        let absent = await #expect(throws: ServiceError.self) { try await fixture.update(first, .microsecond) }
        #expect(absent?.message == state + "No streaming destination with streamArn: \(first)")
        _ = try await fixture.enable(first)
        _ = try await fixture.disable(first)
        let inactive = await #expect(throws: ServiceError.self) { try await fixture.update(first, .microsecond) }
        #expect(
            inactive?.message == state
                + "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
                + "TableName: table, kdsArn: \(first)"
        )
        _ = try await fixture.enable(first)
        let none = await #expect(throws: ServiceError.self) { try await fixture.update(first, nil) }
        #expect(
            none?.message
                == "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration "
                + "cannot be null or contain only null values"
        )
        let answer = try await fixture.update(first, .microsecond)
        #expect(answer.destinationStatus == .updating)
        #expect(answer.updateKinesisStreamingConfiguration?.approximateCreationDateTimePrecision == .microsecond)
        #expect(try await fixture.destinations() == ["first,ACTIVE,,MICROSECOND"])
        let tableID = try await fixture.describe("table")?.tableID ?? ""
        let same = await #expect(throws: ServiceError.self) { try await fixture.update(first, .microsecond) }
        #expect(
            same?.message == "Invalid Request: Precision is already set to the desired value of MICROSECOND for "
                + "tableId: \(tableID), kdsArn: \(first)"
        )
        _ = try await fixture.disable(first)
        _ = try await fixture.enable(first)
        #expect(try await fixture.destinations() == ["first,ACTIVE,,"])
        await #expect(throws: ServiceError.self) { try await fixture.update(first, .millisecond) }
    }

    @Test func `without the table there is nothing`() async throws {
        let fixture = TableFixture()
        let refusals = [
            await #expect(throws: ServiceError.self) { try await fixture.enable(first) },
            await #expect(throws: ServiceError.self) { try await fixture.disable(first) },
            await #expect(throws: ServiceError.self) { try await fixture.update(first, .microsecond) },
            await #expect(throws: ServiceError.self) { try await fixture.destinations() },
        ]
        for refusal in refusals {
            #expect(refusal?.code == "ResourceNotFoundException")
            #expect(refusal?.message == "Requested resource not found: Table: table not found")
        }
    }

    @Test func `the access is to the table`() {
        let (service, context) = (TableFixture().service, TableFixture.context())
        let accesses = [
            service.access(EnableKinesisStreamingDestinationInput(tableName: "table", streamARN: first), context),
            service.access(DisableKinesisStreamingDestinationInput(tableName: "table", streamARN: first), context),
            service.access(UpdateKinesisStreamingDestinationInput(tableName: "table", streamARN: first), context),
            service.access(DescribeKinesisStreamingDestinationInput(tableName: "table"), context),
        ]
        for (access, verb) in zip(accesses, ["Enable", "Disable", "Update", "Describe"]) {
            let action = "dynamodb:\(verb)KinesisStreamingDestination"
            #expect(access == [ResourceAccess(action: action, resource: tableARN("table"))])
        }
    }
}
