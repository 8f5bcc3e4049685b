import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing
import WireProtocols

struct StartBulkPutItemsTests {
    private static let absent = #","ConditionExpression":"attribute_not_exists(pk)""#

    @Test func `each member of the description is there, at the start and at the end`() async throws {
        let fixture = try await BackupFixture(ItemFixture.indexed)
        fixture.place("in/1", [bulkLine("a", 1, attributes: #","ls":{"S":"l"},"gp":{"S":"g"},"gs":{"N":"1"}"#)])
        fixture.place("out/1", [bulkLine("b", 1)])
        fixture.objects.makeBucket(BackupFixture.reports)
        let input = BackupFixture.bulk {
            $0.clientToken = "token"
            $0.inputS3Configuration.s3KeyPrefix = "in/"
            $0.inputS3Configuration.inputCompressionType = .none_
            $0.maxWriteRequestUnits = 1_000_000
            $0.performanceTier = .accelerated
        }
        let started = try await fixture.service.startBulkPutItems(input, fixture.context).bulkOperationDescription
        #expect(started.bulkOperationStatus == .inProgress)
        #expect(started.totalInputBytes == nil)
        #expect(started.endTime == nil)
        await fixture.service.jobs.whenIdle()
        let arn = try #require(started.bulkOperationARN)
        #expect(arn.hasPrefix("\(fixture.context.tableARN(named: "items"))/bulk-operation/0179549643"))
        let ended = try await fixture.describeBulk(arn)
        #expect(ended.bulkOperationStatus == .completed)
        #expect(ended.tableDetails?.first?.tableName == "items")
        #expect(ended.tableDetails?.first?.tableID != nil)
        #expect(ended.clientToken == "token")
        #expect(ended.inputS3Configuration?.s3KeyPrefix == "in/")
        #expect(ended.inputS3Configuration?.inputCompressionType == InputCompressionType.none_)
        #expect(ended.outputS3Configuration?.outputType == [.error, .conditionCheckFailure])
        #expect(ended.startTime == fixture.clock.now())
        #expect(ended.endTime == fixture.clock.now())
        #expect(ended.processedItemCount == 1)
        #expect(ended.failedItemCount == 0)
        #expect(ended.totalInputBytes == fixture.objects["a-bucket/in/1"]?.count)
        #expect(ended.processedInputBytes == ended.totalInputBytes)
        #expect(ended.maxWriteRequestUnits == 1_000_000)
        #expect(ended.performanceTier == .accelerated)
        let usage = try #require(ended.bulkOperationUsage?.first)
        // pk a, sk 1, ls l, gp g, gs 1.
        #expect(usage.table?.bulkPutBytes == 17)
        #expect(usage.localSecondaryIndexes?["local"]?.bulkPutBytes == 10)
        #expect(usage.globalSecondaryIndexes?.mapValues(\.bulkPutBytes) == ["global": 14, "whole": 17])
        #expect(usage.bulkPutBytes == 58)
        #expect(try await fixture.items().count == 1)
        #expect(try await fixture.items(index: "global").count == 1)
    }

    @Test func `a condition counts for its own record`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.put([("pk", .s("a")), ("sk", int(1)), ("x", .s("old"))])
        fixture.place(
            "1",
            [
                bulkLine("a", 1, Self.absent), bulkLine("a", 2, Self.absent), bulkLine("a", 2, Self.absent),
                bulkLine(
                    "a", 1,
                    ##","ConditionExpression":"#x = :x","ExpressionAttributeNames":{"#x":"x"},"##
                        + #""ExpressionAttributeValues":{":x":{"S":"old"}}"#,
                    attributes: #","x":{"S":"new"}"#),
            ])
        let ended = try await fixture.bulk()
        #expect(ended.bulkOperationStatus == .completed)
        #expect(ended.processedItemCount == 4)
        #expect(ended.failedItemCount == 0)
        #expect(try await fixture.items().map { $0["x"] } == [.s("new"), nil])
        #expect(
            try fixture.report("condition-check-failure") == [
                #"{"InputObject":"1","RecordNumber":1,"ErrorCode":"ConditionalCheckFailedException","#
                    + #""ErrorMessage":"The conditional request failed","Item":{"pk":{"S":"a"},"sk":{"N":"1"}},"#
                    + #""ExistingItem":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"old"}}}"#,
                #"{"InputObject":"1","RecordNumber":3,"ErrorCode":"ConditionalCheckFailedException","#
                    + #""ErrorMessage":"The conditional request failed","Item":{"pk":{"S":"a"},"sk":{"N":"2"}},"#
                    + #""ExistingItem":{"pk":{"S":"a"},"sk":{"N":"2"}}}"#,
            ])
    }

    @Test func `Amazon Ion says the same as DynamoDB JSON`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.put([("pk", .s("a")), ("sk", int(1)), ("x", .s("old"))])
        fixture.place(
            "1",
            [
                #"$ion_1_0 {Item:{pk:"a",sk:2.,s:$dynamodb_NS::[1.,2d1]},"#
                    + #"ConditionExpression:"attribute_not_exists(pk)"}"#,
                #"$ion_1_0 {Item:{pk:"a",sk:2.},ConditionExpression:'''attribute_not_'''  '''exists(pk)'''}"#,
                "$ion_1_0 {\n  Item: {pk: \"a\", sk: 1, x: \"new\"},\n  ConditionExpression: \"#x = :x\",",
                "  ExpressionAttributeNames: {'#x': \"x\"}, ExpressionAttributeValues: {':x': \"old\"},\n}",
                #"{Item:{pk:"a",sk:3.},Condition:[{a:1}]}"#, #"{Item:{pk:"a",sk:4.},ConditionExpression:"x ="}"#,
            ])
        fixture.place("2", [#"{Item:{pk:"b",sk:1.}}"#, #"{"Item":{"pk":{"S":"b"},"sk":{"N":"2"}}}"#])
        fixture.place("3", [#"{Item:{pk:"c",sk:1.}}"#, "{Item:{pk:symbol,sk:2.}}", #"{Item:{pk:"c",sk:3.}}"#])
        let ended = try await fixture.bulk(BackupFixture.bulk { $0.inputS3Configuration.inputFormat = .ion })
        #expect(ended.inputS3Configuration?.inputFormat == .ion)
        #expect(ended.bulkOperationStatus == .completedWithErrors)
        #expect(ended.processedItemCount == 9)
        #expect(ended.failedItemCount == 4)
        let items = try await fixture.items()
        #expect(items.count == 4)
        #expect(items.first { $0["sk"] == int(1) && $0["pk"] == .s("a") }?["x"] == .s("new"))
        #expect(items.first { $0["sk"] == int(2) }?["s"] == .ns([DynamoDBNumber(1), DynamoDBNumber(20)]))
        #expect(try fixture.report("condition-check-failure").count == 1)
        let errors = try fixture.report("error")
        #expect(errors[0].contains("The record has a member that is not known: Condition"))
        #expect(errors[1].contains("Invalid ConditionExpression: Syntax error"))
        #expect(errors[3].hasSuffix(#""The record is not Amazon Ion","Record":"{Item:{pk:symbol,sk:2.}}"}"#))
    }

    @Test func `what breaks a rule is reported, and what is malformed ends its object`() async throws {
        let fixture = try await BackupFixture(ItemFixture.indexed)
        let refused = [
            #"{"Item":{"pk":{"S":"a"}}}"#, #"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}"#,
            bulkLine("a", 1, attributes: #","gp":{"N":"1"}"#), bulkLine("a", 1, #","Expected":{}"#),
            bulkLine("a", 1, #","ConditionExpression":"x =""#), bulkLine("a", 1, #","Conditoin":"x""#),
            bulkLine("a", 1, ##","ExpressionAttributeNames":{"#x":"x"}"##),
            bulkLine("a", 1, attributes: #","t":{"S":"\#(String(repeating: "x", count: 410_000))"}"#),
        ]
        fixture.place("1", refused + [bulkLine("b", 1)])
        fixture.place("2", [bulkLine("c", 1), "nonsense", bulkLine("c", 2)])
        fixture.place("3", [bulkLine("d", 1), #"{"Key":{}}"#, bulkLine("d", 2)])
        let ended = try await fixture.bulk()
        #expect(ended.bulkOperationStatus == .completedWithErrors)
        #expect(ended.failedItemCount == refused.count + 2)
        #expect(ended.processedItemCount == refused.count + 5)
        #expect(Set(try await fixture.items().map { $0["pk"] }) == [.s("b"), .s("c"), .s("d")])
        let report = try fixture.report("error")
        #expect(report.count == refused.count + 2)
        #expect(report[0].contains(#""ErrorMessage":"One or more parameter values were invalid: Missing the key sk"#))
        #expect(report[8].hasSuffix(#""ErrorMessage":"The record is not DynamoDB JSON","Record":"nonsense"}"#))
        #expect(ended.processedInputBytes == ended.totalInputBytes)
    }

    @Test func `only what the request asks for is reported`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.put([("pk", .s("a")), ("sk", int(1))])
        fixture.place("1", [bulkLine("a", 1, Self.absent), "nonsense"])
        let ended = try await fixture.bulk(BackupFixture.bulk { $0.outputS3Configuration.outputType = [.error] })
        #expect(ended.failedItemCount == 1)
        let paths = fixture.objects.paths.filter { $0.hasPrefix(BackupFixture.reports) }
        #expect(
            paths.map { $0.split(separator: "/").last } == ["1.json", "manifest-files.json", "manifest-summary.json"])
        let files = try fixture.text(paths[1])
        #expect(files.contains(#""outputType":"ERROR","itemCount":1"#))
        #expect(try fixture.text(paths[2]).contains(#""conditionCheckFailureCount":1"#))
    }

    @Test func `writes go to the table's stream with both images`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        try await fixture.put([("pk", .s("a")), ("sk", int(1)), ("x", .s("old"))])
        let before = fixture.clock.now()
        fixture.clock.advance(milliseconds: 5000)
        fixture.place("1", [bulkLine("a", 1), bulkLine("a", 2)])
        #expect(try await fixture.bulk().bulkOperationStatus == .completed)
        fixture.clock.advance(milliseconds: 5000)
        let moment = Timestamp(millisecondsSinceEpoch: before.millisecondsSinceEpoch + 1000)
        try await fixture.restore(to: moment)
        #expect(try await fixture.items("restored").map { $0["x"] } == [.s("old")])
    }

    @Test func `compressed objects are read, and damaged ones end`() async throws {
        let fixture = try await BackupFixture()
        let text = (0..<3000).map { bulkLine("a", $0) }.joined(separator: "\r\n")
        var whole: [UInt8] = []
        let deflater = try #require(GzipDeflater())
        deflater.deflate(Array(text.utf8), appendingTo: &whole)
        deflater.finish(appendingTo: &whole)
        fixture.objects["a-bucket/1"] = whole
        fixture.objects["a-bucket/2"] = Array(whole.dropLast(20))
        fixture.objects["a-bucket/3"] = Array(text.utf8)
        let ended = try await fixture.bulk(
            BackupFixture.bulk { $0.inputS3Configuration.inputCompressionType = .gzip })
        #expect(ended.bulkOperationStatus == .completedWithErrors)
        #expect(ended.failedItemCount == 2)
        #expect(try await fixture.items().count == 3000)
    }

    @Test func `buckets must be there, and no object is none`() async throws {
        let fixture = try await BackupFixture()
        let absent = try await fixture.bulk()
        #expect(absent.bulkOperationStatus == .failed)
        #expect(absent.failureCode == "S3NoSuchBucket")
        #expect(absent.failureMessage == "The specified bucket does not exist")
        fixture.objects.makeBucket(BackupFixture.bucket)
        #expect(try await fixture.bulk().bulkOperationStatus == .completed)
        fixture.objects.fail(.unavailable("no disk"))
        #expect(try await fixture.bulk().failureCode == "S3InternalError")
    }

    @Test func `a table that is another one now ends the operation`() async throws {
        let fixture = try await BackupFixture()
        fixture.place("1", [bulkLine("a", 1)])
        fixture.objects.makeBucket(BackupFixture.reports)
        let started = try await fixture.service.startBulkPutItems(BackupFixture.bulk(), fixture.context)
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
        _ = try await fixture.service.createTable(ItemFixture.plain, fixture.context)
        await fixture.service.jobs.whenIdle()
        let ended = try await fixture.describeBulk(started.bulkOperationDescription.bulkOperationARN ?? "")
        // It may have been done before the table went.
        if ended.bulkOperationStatus == .failed { #expect(ended.failureCode == "ResourceNotFoundException") }
        #expect(try await fixture.items().isEmpty)
    }

    @Test func `a client token makes an operation happen once in eight hours`() async throws {
        let fixture = try await BackupFixture()
        fixture.place("1", [bulkLine("a", 1)])
        let input = BackupFixture.bulk { $0.clientToken = "token" }
        let first = try await fixture.bulk(input)
        #expect(try await fixture.bulk(input).bulkOperationARN == first.bulkOperationARN)
        let error = await refused { () async throws(ServiceError) in
            try await fixture.bulk(
                BackupFixture.bulk {
                    $0.clientToken = "token"
                    $0.performanceTier = .accelerated
                })
        }
        #expect(error?.code == "IdempotentParameterMismatchException")
        #expect(
            error?.message == "DynamoDB rejected the request because you retried a request with a different payload "
                + "but with an idempotent token that was already used.")
        fixture.clock.advance(milliseconds: 8 * 3_600_000 + 1)
        #expect(try await fixture.bulk(input).bulkOperationARN != first.bulkOperationARN)
    }

    @Test func `what cannot be started is refused`() async throws {
        let fixture = try await BackupFixture()
        let changes: [(inout StartBulkPutItemsInput) -> Void] = [
            { $0.inputS3Configuration.s3Bucket = "Upper" }, { $0.outputS3Configuration.s3Bucket = "Upper" },
            { $0.outputS3Configuration.s3Bucket = nil }, { $0.outputS3Configuration.outputType = [] },
            { $0.outputS3Configuration.outputType = [.error, .error] },
            { $0.outputS3Configuration.s3SseKmsKeyID = "key" },
            { $0.outputS3Configuration.s3KeyPrefix = String(repeating: "x", count: 925) },
        ]
        for change in changes {
            #expect(
                await wording { () async throws(ServiceError) in try await fixture.bulk(BackupFixture.bulk(change)) }
                    != nil)
        }
        let missing = await refused { () async throws(ServiceError) in
            try await fixture.bulk(BackupFixture.bulk { $0.tableName = "no-table" })
        }
        #expect(missing?.code == "ResourceNotFoundException")
        #expect(missing?.message == "Requested resource not found: Table: no-table not found")
    }

    @Test func `access is to the table`() async throws {
        let fixture = try await BackupFixture()
        let access = fixture.service.access(BackupFixture.bulk(), fixture.context)
        #expect(access.map(\.action) == ["dynamodb:StartBulkPutItems"])
        #expect(access.map(\.resource) == [fixture.context.tableARN(named: "items")])
    }
}
