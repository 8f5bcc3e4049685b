import DynamoDBModel
import ServiceModel
import Testing
import WireProtocols

/// Inputs that break DynamoDB's model, in the words that AWS answers with.
///
/// - Source: AWS's answers as recorded in public issues; the order of an enumeration's values is in the model's patch.
@Suite struct DynamoDBWordingTests {
    static let examples: [(operation: String, json: String, sentence: String)] = [
        (
            "DeleteItem", #"{"Key":{}}"#,
            "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: "
                + "Member must not be null"
        ),
        (
            "PutItem", #"{"TableName":"t","Item":{},"ReturnValues":"SOME"}"#,
            "1 validation error detected: Value 'SOME' at 'returnValues' failed to satisfy constraint: "
                + "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
        ),
        (
            "ListTables", #"{"Limit":101}"#,
            "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: "
                + "Member must have value less than or equal to 100"
        ),
        (
            "Query", #"{"TableName":"t","Limit":0}"#,
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
                + "Member must have value greater than or equal to 1"
        ),
        (
            "CreateTable",
            """
            {"TableName":"t","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"X"}],
            "KeySchema":[{"KeyType":"HASH"}]}
            """,
            "2 validation errors detected: Value 'X' at 'attributeDefinitions.1.member.attributeType' failed to "
                + "satisfy constraint: Member must satisfy enum value set: [B, N, S]; Value null at "
                + "'keySchema.1.member.attributeName' failed to satisfy constraint: Member must not be null"
        ),
        (
            "BatchWriteItem", #"{"RequestItems":{"t":[],"u":[]}}"#,
            "1 validation error detected: Value '{t=[], u=[]}' at 'requestItems' failed to satisfy constraint: "
                + "Map value must satisfy constraint: [Member must have length less than or equal to 25, "
                + "Member must have length greater than or equal to 1]"
        ),
        (
            "BatchGetItem", #"{"RequestItems":{"t":{"Keys":[]}}}"#,
            "1 validation error detected: Value '[]' at 'requestItems.t.member.keys' failed to satisfy constraint: "
                + "Member must have length greater than or equal to 1"
        ),
        (
            "BatchWriteItem", #"{"RequestItems":{"t":[{"PutRequest":{"Item":{"pk":{"S":"k"}}}},{}],"u":[]}}"#,
            "1 validation error detected: Value '{t=[WriteRequest(putRequest=PutRequest(item="
                + "{pk=com.amazonaws.dynamodb.v20120810.AttributeValue@7e23c65c}), deleteRequest=null), "
                + "WriteRequest(putRequest=null, deleteRequest=null)], u=[]}' at 'requestItems' failed to satisfy "
                + "constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, "
                + "Member must have length greater than or equal to 1]"
        ),
        (
            "Scan", #"{"TableName":"t","Segment":-1,"TotalSegments":0}"#,
            "2 validation errors detected: Value '-1' at 'segment' failed to satisfy constraint: "
                + "Member must have value greater than or equal to 0; Value '0' at 'totalSegments' failed to satisfy "
                + "constraint: Member must have value greater than or equal to 1"
        ),
    ]

    /// As a laboratory of the AWS Controllers for Kubernetes recorded them on AWS in October 2026.
    static let recorded: [(operation: String, json: String, sentence: String)] = [
        (
            "CreateBackup", #"{"TableName":"t","BackupName":""}"#,
            told(["'' at 'backupName'", "'' at 'backupName'"], [pattern, "have length greater than or equal to 3"])
        ),
        (
            "ListTables", #"{"ExclusiveStartTableName":""}"#,
            told(
                ["'' at 'exclusiveStartTableName'", "'' at 'exclusiveStartTableName'"],
                [pattern, "have length greater than or equal to 3"])
        ),
        (
            "CreateTable",
            """
            {"TableName":"t","GlobalSecondaryIndexes":[
            {"IndexName":"","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Projection":{}}]}
            """,
            told(
                Array(repeating: "'' at 'globalSecondaryIndexes.1.member.indexName'", count: 2),
                ["have length greater than or equal to 3", pattern])
        ),
        (
            "CreateTable", #"{"TableName":"t","AttributeDefinitions":[{}]}"#,
            told([
                "null at 'attributeDefinitions.1.member.attributeType'",
                "null at 'attributeDefinitions.1.member.attributeName'",
            ])
        ),
        (
            "CreateTable", #"{"TableName":"t","KeySchema":[{}]}"#,
            told(["null at 'keySchema.1.member.attributeName'", "null at 'keySchema.1.member.keyType'"])
        ),
        (
            "CreateTable", #"{"TableName":"t","ProvisionedThroughput":{}}"#,
            told([
                "null at 'provisionedThroughput.writeCapacityUnits'",
                "null at 'provisionedThroughput.readCapacityUnits'",
            ])
        ),
        (
            "CreateTable",
            #"{"TableName":"t","ProvisionedThroughput":{"ReadCapacityUnits":-1,"WriteCapacityUnits":-1}}"#,
            told(
                [
                    "'-1' at 'provisionedThroughput.writeCapacityUnits'",
                    "'-1' at 'provisionedThroughput.readCapacityUnits'",
                ], Array(repeating: "have value greater than or equal to 1", count: 2))
        ),
        (
            "UpdateTimeToLive", #"{"TableName":"t","TimeToLiveSpecification":{}}"#,
            told(["null at 'timeToLiveSpecification.attributeName'", "null at 'timeToLiveSpecification.enabled'"])
        ),
        ("DescribeTable", #"{"TableName":""}"#, ""),
        ("ExportTableToPointInTime", #"{"TableArn":"","S3Bucket":"bucket"}"#, ""),
        ("UpdateTable", #"{"TableName":"t","ReplicaUpdates":[{"Create":{}}]}"#, ""),
        (
            "UpdateTable", #"{"TableName":"t","ReplicaUpdates":[{"Update":{}}]}"#,
            told(["null at 'replicaUpdates.1.member.update.regionName'"])
        ),
    ]

    private static let pattern = "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"

    private static func told(_ values: [String], _ demands: [String] = []) -> String {
        let clauses = values.indices.map { index in
            "Value \(values[index]) failed to satisfy constraint: Member must "
                + (demands.isEmpty ? "not be null" : demands[index])
        }
        return "\(clauses.count) validation error\(clauses.count == 1 ? "" : "s") detected: "
            + clauses.joined(separator: "; ")
    }

    /// Where the model finds nothing, the service has words of its own.
    @Test(arguments: recorded)
    func `AWS's order`(_ operation: String, _ json: String, _ sentence: String) throws {
        let schema = try #require(DynamoDBSchema.service.operations.first { $0.name == operation })
        let binding = try #require(Self.operations[operation])
        let reader = ShapeReader(JSONReader(Array(json.utf8)))
        _ = try binding(reader)
        let violations = ConstraintViolation.told(reader.violations, in: schema.input)
        #expect(violations.isEmpty ? sentence.isEmpty : ViolationWording.coral.sentence(violations) == sentence)
    }

    @Test(arguments: examples) func `AWS's sentence`(_ operation: String, _ json: String, _ sentence: String) throws {
        let binding = try #require(Self.operations[operation])
        let reader = ShapeReader(JSONReader(Array(json.utf8)))
        _ = try binding(reader)
        #expect(ViolationWording.coral.sentence(reader.violations) == sentence)
    }

    @Test func `too many keys are shown by the names of their attributes, cut`() throws {
        let key = #"{"pk":{"S":"k"},"\#(String(repeating: "s", count: 100_000))":{"S":"k"}}"#
        let keys = Array(repeating: key, count: 101).joined(separator: ",")
        let reader = ShapeReader(JSONReader(Array(#"{"RequestItems":{"t":{"Keys":[\#(keys)]}}}"#.utf8)))
        let read = try BatchGetItemInput(from: reader)
        #expect(read.requestItems["t"]?.keys.count == 101)
        let sentence = ViolationWording.coral.sentence(reader.violations)
        let start = "1 validation error detected: Value '[{pk=com.amazonaws.dynamodb.v20120810.AttributeValue@"
        #expect(sentence.hasPrefix(start) && sentence.contains(", ssssssss"))
        #expect(
            sentence.hasSuffix(
                "s' at 'requestItems.t.member.keys' failed to satisfy constraint: "
                    + "Member must have length less than or equal to 100"))
        #expect(sentence.utf8.count < ValueText.charactersMax + 300)
    }

    private typealias Decode = @Sendable (ShapeReader) throws -> any ReadableShape

    private static let operations: [String: Decode] = [
        "BatchGetItem": { try BatchGetItemInput(from: $0) },
        "BatchWriteItem": { try BatchWriteItemInput(from: $0) },
        "CreateBackup": { try CreateBackupInput(from: $0) },
        "CreateTable": { try CreateTableInput(from: $0) },
        "DeleteItem": { try DeleteItemInput(from: $0) },
        "DescribeTable": { try DescribeTableInput(from: $0) },
        "ExportTableToPointInTime": { try ExportTableToPointInTimeInput(from: $0) },
        "ListTables": { try ListTablesInput(from: $0) },
        "PutItem": { try PutItemInput(from: $0) },
        "Query": { try QueryInput(from: $0) },
        "Scan": { try ScanInput(from: $0) },
        "UpdateTable": { try UpdateTableInput(from: $0) },
        "UpdateTimeToLive": { try UpdateTimeToLiveInput(from: $0) },
    ]

    @Test func `every operation of the model is named, and those with handlers are bound in order`() {
        let service = DynamoDBSchema.service
        #expect(service.operationNames.count == 62)
        #expect(service.operations.map(\.name) == service.operations.map(\.name).sorted())
        // How many there are is the matter of Models/dynamodb.ops; that each is one of the model's is this test's.
        #expect(!service.operations.isEmpty && Set(service.operations.map(\.name)).isSubset(of: service.operationNames))
        #expect(service.targetPrefix == "DynamoDB_20120810" && service.signingName == "dynamodb")
        #expect(DynamoDBSchema.paginators["Query"]?.inputTokens == ["ExclusiveStartKey"])
    }
}
