import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing
import WireProtocols

struct ExportTableToPointInTimeTests {
    private func enabled() async throws -> BackupFixture {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        fixture.clock.advance(milliseconds: 1000)
        return fixture
    }

    @Test func `a full export is written as AWS lays it out`() async throws {
        let fixture = try await self.enabled()
        try await fixture.put(key("a", 1) + [("x", .b([0, 255])), ("y", .s("\"\n"))])
        let export = try #require(try await fixture.export { $0.s3Prefix = "some/prefix" })
        #expect(export.exportStatus == .completed)
        #expect(export.itemCount == 1)
        #expect(export.billedSizeBytes == 2 + 1 + 2 + 2 + 1 + 2 + 1 + 2)
        let id = try #require(export.exportARN?.split(separator: "/").last)
        let folder = "some/prefix/AWSDynamoDB/\(id)"
        #expect(export.exportManifest == "\(folder)/manifest-summary.json")
        let names = fixture.objects.paths.filter { !$0.hasSuffix(".json.gz") }
        #expect(
            names
                == [
                    "_started", "manifest-files.json", "manifest-files.md5", "manifest-summary.json",
                    "manifest-summary.md5",
                ].map { "a-bucket/\(folder)/\($0)" })
        #expect(
            try fixture.lines() == [
                #"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"B":"AP8="},"y":{"S":"\"\n"}}}"#
            ])
        let summary = try fixture.text("a-bucket/\(folder)/manifest-summary.json")
        let arn = export.exportARN ?? ""
        #expect(summary.hasPrefix(#"{"version":"2020-06-30","exportArn":"\#(arn)","startTime":"2026-11-24T05:00:31.1"#))
        #expect(summary.contains(#""itemCount":1,"outputFormat":"DYNAMODB_JSON","exportType":"FULL_EXPORT"}"#))
    }

    @Test func `a large table takes several files, and has the items of the moment`() async throws {
        let fixture = try await self.enabled()
        for number in 0..<250 { try await fixture.put(key("p\(number % 5)", number)) }
        let moment = fixture.clock.now()
        fixture.clock.advance(milliseconds: 1000)
        for number in 0..<250 { try await fixture.delete(key("p\(number % 5)", number)) }
        let export = try await fixture.export { $0.exportTime = moment }
        #expect(export?.itemCount == 250)
        #expect(try fixture.lines().count == 250)
    }

    @Test func `an incremental export tells each changed item once`() async throws {
        let fixture = try await self.enabled()
        for number in 1...4 { try await fixture.put(key("a", number) + [("v", .s("old"))]) }
        let from = Timestamp(secondsSinceEpoch: fixture.clock.now().secondsSinceEpoch + 60)
        fixture.clock.set(from)
        try await fixture.put(key("a", 1) + [("v", .s("between"))])
        try await fixture.put(key("a", 1) + [("v", .s("new"))])
        try await fixture.delete(key("a", 2))
        try await fixture.put(key("a", 5))
        try await fixture.put(key("a", 6))
        try await fixture.delete(key("a", 6))
        let to = Timestamp(secondsSinceEpoch: from.secondsSinceEpoch + 900)
        fixture.clock.set(to)
        try await fixture.put(key("a", 3) + [("v", .s("later"))])
        try await fixture.put(key("a", 1) + [("v", .s("later"))])
        fixture.clock.advance(milliseconds: 1)
        func lines(_ view: ExportViewType?) async throws -> [String] {
            for path in fixture.objects.paths { fixture.objects[path] = nil }
            let export = try await fixture.export {
                $0.exportType = .incrementalExport
                $0.incrementalExportSpecification = IncrementalExportSpecification(
                    exportFromTime: from, exportToTime: to, exportViewType: view)
            }
            #expect(export?.exportStatus == .completed)
            #expect(export?.itemCount == 3)
            #expect(export?.exportTime == nil)
            return try fixture.lines()
        }
        let micros = from.millisecondsSinceEpoch * 1000
        func start(_ number: Int) -> String {
            #"{"Metadata":{"WriteTimestampMicros":{"N":"\#(micros)"}},"Keys":{"pk":{"S":"a"},"sk":{"N":"\#(number)"}}"#
        }
        func image(_ number: Int, _ value: String) -> String {
            #"{"pk":{"S":"a"},"sk":{"N":"\#(number)"},"v":{"S":"\#(value)"}}"#
        }
        let added = #"{"pk":{"S":"a"},"sk":{"N":"5"}}"#
        #expect(
            try await lines(nil) == [
                #"\#(start(1)),"OldImage":\#(image(1, "old")),"NewImage":\#(image(1, "new"))}"#,
                #"\#(start(2)),"OldImage":\#(image(2, "old"))}"#, #"\#(start(5)),"NewImage":\#(added)}"#,
            ])
        #expect(
            try await lines(.newImage) == [
                #"\#(start(1)),"NewImage":\#(image(1, "new"))}"#, "\(start(2))}",
                #"\#(start(5)),"NewImage":\#(added)}"#,
            ])
        let files = fixture.objects.paths.filter { $0.hasSuffix(".gz") }
        #expect(files.allSatisfy { $0.hasPrefix("a-bucket/AWSDynamoDB/data/") })
    }

    @Test func `an incremental export is filtered by each item's latest image, or the old one of what was deleted`()
        async throws
    {
        let fixture = try await self.enabled()
        for number in 1...3 { try await fixture.put(key("a", number) + [("v", .s("old")), ("w", .s("x"))]) }
        try await fixture.put(key("b", 1) + [("v", .s("old"))])
        let from = Timestamp(secondsSinceEpoch: fixture.clock.now().secondsSinceEpoch + 60)
        fixture.clock.set(from)
        try await fixture.put(key("a", 1) + [("v", .s("new")), ("w", .s("y"))])
        try await fixture.put(key("a", 2) + [("v", .s("old")), ("w", .s("y"))])
        try await fixture.delete(key("a", 3))
        try await fixture.put(key("b", 1) + [("v", .s("new"))])
        let to = Timestamp(secondsSinceEpoch: from.secondsSinceEpoch + 900)
        fixture.clock.set(to)
        fixture.clock.advance(milliseconds: 1)
        func lines(_ filter: FilterSpecification) async throws -> [String] {
            for path in fixture.objects.paths { fixture.objects[path] = nil }
            let export = try await fixture.export {
                $0.exportType = .incrementalExport
                $0.filterSpecification = filter
                $0.incrementalExportSpecification = IncrementalExportSpecification(
                    exportFromTime: from, exportToTime: to)
            }
            #expect(export?.exportStatus == .completed)
            let lines = try fixture.lines()
            #expect(export?.itemCount == lines.count)
            return lines.map { String($0.drop { $0 != "," }.dropFirst()) }
        }
        func start(_ pk: String, _ number: Int) -> String {
            #""Keys":{"pk":{"S":"\#(pk)"},"sk":{"N":"\#(number)"}}"#
        }
        let isNew = FilterSpecification(
            filterExpression: "v = :new", projectionExpression: "w",
            expressionAttributeValues: item([(":new", .s("new"))]))
        #expect(
            Set(try await lines(isNew)) == [
                #"\#(start("a", 1)),"OldImage":{"w":{"S":"x"}},"NewImage":{"w":{"S":"y"}}}"#,
                #"\#(start("b", 1)),"OldImage":{},"NewImage":{}}"#,
            ])
        let isOld = FilterSpecification(
            filterExpression: "v = :old", projectionExpression: "v", keyConditionExpression: "pk = :a AND sk > :one",
            expressionAttributeValues: item([(":old", .s("old")), (":a", .s("a")), (":one", int(1))]))
        let image = #"{"v":{"S":"old"}}"#
        #expect(
            try await lines(isOld) == [
                #"\#(start("a", 2)),"OldImage":\#(image),"NewImage":\#(image)}"#,
                #"\#(start("a", 3)),"OldImage":\#(image)}"#,
            ])
    }

    @Test func `a window lasts from 15 minutes to 24 hours and lies in the recovery period`() async throws {
        let fixture = try await self.enabled()
        fixture.clock.advance(milliseconds: 2 * 86_400_000)
        let now = fixture.clock.now().secondsSinceEpoch
        func refusal(_ from: Int64, _ to: Int64) async -> String? {
            await refused { () async throws(ServiceError) in
                try await fixture.export {
                    $0.exportType = .incrementalExport
                    $0.incrementalExportSpecification = IncrementalExportSpecification(
                        exportFromTime: Timestamp(secondsSinceEpoch: now + from),
                        exportToTime: Timestamp(secondsSinceEpoch: now + to))
                }
            }.map { "\($0.code): \($0.message)" }
        }
        let prefix = "InvalidExportTimeException: "
        let difference = prefix + "Difference between export period from time and export period to time is "
        #expect(await refusal(-900, 0) == nil)
        #expect(await refusal(-899, 0) == difference + "less than 15 minutes")
        #expect(await refusal(-86_400, 0) == nil)
        #expect(await refusal(-86_401, 0) == difference + "greater than 24 hours")
        #expect(await refusal(0, -900) == difference + "less than 15 minutes")
        #expect(
            await refusal(-800, 100)
                == prefix + "Incremental export period to time cannot be greater than the current time : "
                + TimestampText.string(Timestamp(secondsSinceEpoch: now + 100), as: .dateTime))
        #expect(
            await refusal(-3 * 86_400, -3 * 86_400 + 900)
                == prefix + "Incremental export period from time cannot be less than the table creation time : "
                + TimestampText.string(Timestamp(secondsSinceEpoch: now - 3 * 86_400), as: .dateTime))
    }

    @Test func `a moment outside of the recovery period is refused`() async throws {
        let fixture = try await self.enabled()
        for milliseconds in [-10_000, 1] as [Int64] {
            let time = Timestamp(
                millisecondsSinceEpoch: fixture.clock.now().millisecondsSinceEpoch + milliseconds)
            let error = await refused { () async throws(ServiceError) in
                try await fixture.export { $0.exportTime = time }
            }
            #expect(
                error
                    == ServiceError(
                        code: "InvalidExportTimeException",
                        message: "Export Time is invalid"))
        }
    }

    @Test func `what cannot be exported is refused`() async throws {
        let fixture = try await BackupFixture()
        let absent = fixture.context.tableARN(named: "items-absent")
        #expect(
            await refused { () async throws(ServiceError) in try await fixture.export() }
                == ServiceError(
                    code: "PointInTimeRecoveryUnavailableException",
                    message: "Point in time recovery is not enabled for table 'items'"))
        #expect(
            await refused { () async throws(ServiceError) in
                try await fixture.export { $0.tableARN += "-absent" }
            } == ServiceError(code: "TableNotFoundException", message: "Table not found: \(absent)"))
        try await fixture.recovery(true)
        fixture.clock.advance(milliseconds: 1000)
        for change in [
            { $0.exportType = .incrementalExport },
            { $0.s3Prefix = String(repeating: "x", count: 1000) },
            { $0.filterSpecification = FilterSpecification(filterExpression: "a =") },
        ] as [(inout ExportTableToPointInTimeInput) -> Void] {
            #expect(
                await wording { () async throws(ServiceError) in try await fixture.export(change) } != nil)
        }
        let window = IncrementalExportSpecification()
        for (sentence, change) in [
            (
                "Incremental Export Specification expected when export type is set as Incremental Export",
                { $0.exportType = .incrementalExport }
            ),
            (
                "Export Type expected to be Incremental Export when incremental export specification is provided",
                { $0.incrementalExportSpecification = window }
            ),
            (
                "When Export Type is Full Export , Incremental Export Specification should not be provided",
                {
                    $0.exportType = .fullExport
                    $0.incrementalExportSpecification = window
                }
            ),
            (
                "ExportFromTime must be provided in IncrementalExportSpecification",
                {
                    $0.exportType = .incrementalExport
                    $0.incrementalExportSpecification = window
                }
            ),
            ("KMS Key Id is not supported for this encryption type", { $0.s3SseKmsKeyID = "key" }),
            (
                "Invalid FilterSpecification: The specification can not be empty",
                { $0.filterSpecification = FilterSpecification() }
            ),
        ] as [(String, (inout ExportTableToPointInTimeInput) -> Void)] {
            #expect(
                await wording { () async throws(ServiceError) in try await fixture.export(change) }
                    == "Invalid Request: \(sentence)")
        }
        #expect(
            await wording { () async throws(ServiceError) in try await fixture.export { $0.tableARN = "" } }
                == "Invalid TableArn: Invalid Table ARN")
        // None of these left the table held.
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
    }

    @Test func `a client token makes an export happen once, for eight hours`() async throws {
        let fixture = try await self.enabled()
        let first = try await fixture.export { $0.clientToken = "token" }
        #expect(try await fixture.export { $0.clientToken = "token" }?.exportARN == first?.exportARN)
        let error = await refused { () async throws(ServiceError) in
            try await fixture.export {
                $0.clientToken = "token"
                $0.s3Prefix = "other"
            }
        }
        #expect(error?.code == "ExportConflictException")
        fixture.clock.advance(milliseconds: 8 * 3_600_000 + 1)
        #expect(try await fixture.export { $0.clientToken = "token" }?.exportARN != first?.exportARN)
    }

    @Test func `a table that is gone is told before its token`() async throws {
        let fixture = try await self.enabled()
        _ = try await fixture.export { $0.clientToken = "token" }
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
        let error = await refused { () async throws(ServiceError) in
            try await fixture.export { $0.clientToken = "token" }
        }
        let arn = fixture.context.tableARN(named: "items")
        #expect(error == ServiceError(code: "TableNotFoundException", message: "Table not found: \(arn)"))
    }

    @Test func `a window before the table is told before the time that does not go with it`() async throws {
        let fixture = try await self.enabled()
        fixture.clock.advance(milliseconds: 86_400_000)
        let now = fixture.clock.now().secondsSinceEpoch
        func refusal(_ from: Int64) async -> String? {
            await refused { () async throws(ServiceError) in
                try await fixture.export {
                    $0.exportType = .incrementalExport
                    $0.exportTime = Timestamp(secondsSinceEpoch: now)
                    $0.incrementalExportSpecification = IncrementalExportSpecification(
                        exportFromTime: Timestamp(secondsSinceEpoch: now + from))
                }
            }?.message
        }
        #expect(await refusal(-2 * 86_400)?.contains("cannot be less than the table creation time") == true)
        #expect(await refusal(-3600)?.contains("ExportTime cannot be specified") == true)
    }

    @Test func `a failure to write is told, and lets go of the table`() async throws {
        let fixture = try await self.enabled()
        fixture.objects.fail(.unavailable("no space"))
        let export = try await fixture.export()
        #expect(export?.exportStatus == .failed)
        #expect(export?.failureCode == "S3InternalError")
        #expect(export?.failureMessage == "The objects cannot be read or written now.")
        _ = try await fixture.service.deleteTable(DeleteTableInput(tableName: "items"), fixture.context)
    }

    // Of the second, S3 has none of its name.
    @Test(arguments: ["another-bucket", "Upper"]) func `a bucket that is not there is told`(
        _ bucket: String
    ) async throws {
        let fixture = try await self.enabled()
        let export = try await fixture.export { $0.s3Bucket = bucket }
        #expect(export?.exportStatus == .failed)
        #expect(export?.failureCode == "S3NoSuchBucket")
        #expect(export?.failureMessage == "The specified bucket does not exist")
        #expect(fixture.objects.paths.isEmpty)
    }

    @Test func `IAM sees the table`() async throws {
        let fixture = try await BackupFixture()
        let arn = fixture.context.tableARN(named: "items")
        #expect(
            fixture.service.access(
                ExportTableToPointInTimeInput(tableARN: arn, s3Bucket: "a-bucket"), fixture.context)
                == [ResourceAccess(action: "dynamodb:ExportTableToPointInTime", resource: arn)])
    }
}
