import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing
import WireProtocols

struct ImportTableTests {
    private static func input(
        _ format: InputFormat = .dynamodbJson, _ change: (inout ImportTableInput) -> Void = { _ in }
    ) -> ImportTableInput {
        let plain = ItemFixture.indexed
        var input = ImportTableInput(
            s3BucketSource: S3BucketSource(s3Bucket: "a-bucket"),
            inputFormat: format,
            tableCreationParameters: TableCreationParameters(
                tableName: "imported",
                attributeDefinitions: (plain.attributeDefinitions ?? []).filter { $0.attributeName != "ls" },
                keySchema: plain.keySchema ?? [],
                billingMode: .payPerRequest,
                globalSecondaryIndexes: plain.globalSecondaryIndexes
            )
        )
        change(&input)
        return input
    }

    /// Imports and waits for the end; gives the description then.
    private func run(
        _ fixture: BackupFixture, _ input: ImportTableInput
    ) async throws(ServiceError) -> ImportTableDescription {
        let started = try await fixture.service.importTable(input, fixture.context).importTableDescription
        await fixture.service.jobs.whenIdle()
        return try await fixture.service.describeImport(
            DescribeImportInput(importARN: started.importARN ?? ""), fixture.context
        ).importTableDescription
    }

    /// What an object of that text comes to: imported, errors.
    private func counts(_ text: String, _ input: ImportTableInput = Self.input()) async throws -> [Int?] {
        let fixture = try await BackupFixture()
        fixture.objects["a-bucket/object"] = Array(text.utf8)
        let description = try await self.run(fixture, input)
        #expect(description.processedItemCount == (description.importedItemCount ?? 0) + (description.errorCount ?? 0))
        return [description.importedItemCount, description.errorCount]
    }

    @Test func `objects of JSON lines become the items of a new table and its indexes`() async throws {
        let fixture = try await BackupFixture()
        fixture.objects["a-bucket/in/1"] = Array(
            #"""
            {"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"gp":{"S":"g"},"gs":{"N":"1"}}}

            {"Item":{"pk":{"S":"a"},"sk":{"N":"2"},"l":{"L":[{"BOOL":true},{"M":{}}]}}}
            """#.utf8)
        fixture.objects["a-bucket/in/2"] = Array(
            (0..<250).map { #"{"Item":{"pk":{"S":"b"},"sk":{"N":"\#($0)"}}}"# }.joined(separator: "\r\n").utf8)
        fixture.objects["a-bucket/out/3"] = Array(#"{"Item":{"pk":{"S":"c"},"sk":{"N":"1"}}}"#.utf8)
        let input = Self.input { $0.s3BucketSource.s3KeyPrefix = "in/" }
        let started = try await fixture.service.importTable(input, fixture.context).importTableDescription
        #expect(started.importStatus == .inProgress)
        #expect(started.endTime == nil)
        #expect(started.tableCreationParameters?.globalSecondaryIndexes?.map(\.indexName) == ["global", "whole"])
        #expect(try await fixture.table("imported")?.tableStatus == .creating)
        await fixture.service.jobs.whenIdle()
        let ended = try await fixture.service.describeImport(
            DescribeImportInput(importARN: started.importARN ?? ""), fixture.context
        ).importTableDescription
        #expect(ended.importStatus == .completed)
        #expect(ended.importedItemCount == 252)
        #expect(ended.processedItemCount == 252)
        #expect(ended.errorCount == 0)
        #expect(ended.endTime == fixture.clock.now())
        #expect(try await fixture.table("imported")?.tableStatus == .active)
        #expect(try await fixture.items("imported").count == 252)
        #expect(try await fixture.items("imported", index: "global").count == 1)
    }

    @Test(arguments: [true, false])
    func `of records with the same key the last one stays, in indexes too`(hasIndexes: Bool) async throws {
        let fixture = try await BackupFixture()
        for name in ["1", "2"] {
            fixture.objects["a-bucket/\(name)"] = Array(
                (0..<3).map { #"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"gp":{"S":"\#(name)-\#($0)"}}}"# }
                    .joined(separator: "\n").utf8)
        }
        let input = Self.input { input in
            guard !hasIndexes else { return }
            input.tableCreationParameters.globalSecondaryIndexes = nil
            input.tableCreationParameters.attributeDefinitions.removeAll { !["pk", "sk"].contains($0.attributeName) }
        }
        let ended = try await self.run(fixture, input)
        #expect(ended.importedItemCount == 6)
        #expect(ended.errorCount == 0)
        #expect(try await fixture.items("imported").map { $0["gp"] } == [.s("2-2")])
        guard hasIndexes else { return }
        #expect(try await fixture.items("imported", index: "whole").map { $0["gp"] } == [.s("2-2")])
    }

    @Test func `an item that breaks a rule is counted, a record that is none ends its object`() async throws {
        let lawful = #"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}"#
        #expect(try await self.counts(lawful) == [1, 0])
        for refused in [
            #"{"Item":{"pk":{"S":"a"}}}"#, #"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}"#,
            #"{"Item":{"pk":{"S":"a"},"sk":{"N":"x"}}}"#, #"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"gp":{"N":"1"}}}"#,
            #"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"t":{"S":"\#(String(repeating: "x", count: 410_000))"}}}"#,
            #"{"Item":{}}"#,
        ] {
            #expect(try await self.counts("\(lawful)\n\(refused)\n\(lawful)") == [2, 1])
        }
        for malformed in ["nonsense", "{}", #"{"Item":"#, #"[{"Item":{}}]"#, #"{"item":{}}"#, "\u{0}"] {
            #expect(try await self.counts("\(lawful)\n\(malformed)\n\(lawful)") == [1, 1])
        }
        #expect(try await self.counts("\(lawful)x\n\(lawful)") == [1, 1])
    }

    @Test func `objects of JSON need no line ends between them, and may have some in them`() async throws {
        let lawful = #"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}"#
        #expect(try await self.counts(lawful + lawful + " \t" + lawful + "\r\n\r\n" + lawful) == [4, 0])
        #expect(try await self.counts(lawful.replacing(",", with: ",\n").replacing("{", with: "{\r\n ")) == [1, 0])
        let odd = #"{"Item":{"pk":{"S":"}{\"]\\"},"sk":{"N":"1"}}}"#
        #expect(try await self.counts("\u{FEFF}" + odd + odd) == [2, 0])
        #expect(try await self.counts(lawful + "," + lawful) == [1, 1])
        #expect(try await self.counts(lawful + "]" + lawful) == [1, 1])
        // Longer than what is read at once.
        #expect(try await self.counts(String(repeating: odd, count: 10_000)) == [10_000, 0])
    }

    @Test func `the code says that items failed`() async throws {
        let fixture = try await BackupFixture()
        fixture.objects["a-bucket/object"] = Array("nonsense".utf8)
        let ended = try await self.run(fixture, Self.input())
        #expect(ended.importStatus == .failed)
        #expect(ended.failureCode == "ItemValidationError")
        #expect(
            ended.failureMessage == "Some of the items failed validation checks and were not imported. "
                + "Please check CloudWatch error logs for more details.")
        #expect(ended.cloudWatchLogGroupARN?.hasSuffix(":123456789012:log-group:/aws-dynamodb/imports:*") == true)
        #expect(try await fixture.table("imported")?.tableStatus == .active)
    }

    @Test func `columns of CSV are strings but for keys`() async throws {
        let fixture = try await BackupFixture()
        fixture.objects["a-bucket/object"] = Array(
            "\u{FEFF}pk,sk,gp,gs,text,number\r\na,1,,,\"two\nlines, \"\"quoted\"\"\",7\r\nb,2,g,3.0,,8\n".utf8)
        let ended = try await self.run(fixture, Self.input(.csv))
        #expect(ended.importStatus == .completed)
        let items = try await fixture.items("imported")
        #expect(
            Set(items) == [
                ["pk": .s("a"), "sk": int(1), "text": .s("two\nlines, \"quoted\""), "number": .s("7")],
                ["pk": .s("b"), "sk": int(2), "gp": .s("g"), "gs": int(3), "text": .s(""), "number": .s("8")],
            ])
    }

    @Test(.timeLimit(.minutes(1))) func `a record of very many columns is read in linear time`() async throws {
        let count = 300_000
        let header = "pk,sk," + (0..<count).map { "c\($0)" }.joined(separator: ",")
        let record = "a,1," + String(repeating: ",", count: count - 1)
        #expect(try await self.counts(header + "\n" + record + "\n", Self.input(.csv)) == [0, 1])
    }

    @Test func `delimiter and headers of the request count`() async throws {
        let input = Self.input(.csv) {
            $0.inputFormatOptions = InputFormatOptions(csv: CsvOptions(delimiter: "\t", headerList: ["sk", "pk"]))
        }
        #expect(try await self.counts("1\ta\n2\tb\n", input) == [2, 0])
        #expect(try await self.counts("1\ta\n2\nx\ty\n3\tc\tz\n4\td", input) == [2, 3])
        #expect(try await self.counts("1\ta\n\"2\"x\tb\n3\tc\n", input) == [1, 1])
    }

    @Test func `compressed objects are read, and damaged ones end`() async throws {
        let fixture = try await BackupFixture()
        let text = (0..<5000).map { #"{"Item":{"pk":{"S":"a"},"sk":{"N":"\#($0)"}}}"# }.joined(separator: "\n")
        var whole: [UInt8] = []
        let deflater = try #require(GzipDeflater())
        deflater.deflate(Array(text.utf8), appendingTo: &whole)
        deflater.finish(appendingTo: &whole)
        fixture.objects["a-bucket/1"] = whole
        fixture.objects["a-bucket/2"] = Array(whole.dropLast(20))
        fixture.objects["a-bucket/3"] = Array(text.utf8)
        let ended = try await self.run(fixture, Self.input { $0.inputCompressionType = .gzip })
        #expect(ended.errorCount == 2)
        #expect(try await fixture.items("imported").count == 5000)
    }

    /// 300 items, the sort keys 0 to 299.
    private static let zstandard =
        "KLUv/QRoBQ0A1iNHFqBbGgOh1hcChhfjL/feW8oE+vzT5AFQAEkAPwDFK2QIq2mIV8gQVtMMr5AhrKYRXiFDWE1jXiFDWE1TXiFD"
        + "WE2zV8gQVhN5FolDoVkuCXA4HBwFJLBBQIQFAw4aKGCBDQIiKNggYMIBw4ANAeNEEUQMIYSJEgsSI86KERsmzKxsIxu7KkVqlCir"
        + "qotq6i6Tx2K7fno+KkRokCCjoolo6KYMmTFibGoemiGvkCGspjmvkCGspgm7u7u7u7u7u7u7u7u7e81DM7N35ciNE2dX99HNXSmF"
        + "lFFEsVLlQmXKkUIIGUQQI0UmRIbcKIOMMcSwUeNBYwIAh8PBu93d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3Q2BK6gh"
        + "SPvsfwfhayxzEvj/fwSBEn+EQBGCIoQkCEkIgRDCEIIhhCIIRQiDXZ8Bcg6QKIQiDEUISRCSEAIhhCEIQwhFEIoQwWzXRUqbEiyk"
        + "TdK2hbQpbVvINqVtC2lTsm0hbUrbFtJMadtC2pS2WUibkrX277mEJEmylGROfgkD/FUHDxFc"

    @Test func `objects of Zstandard are read, and damaged ones end`() async throws {
        let fixture = try await BackupFixture()
        let whole = try #require(Base64.decode(Array(Self.zstandard.utf8)))
        fixture.objects["a-bucket/1"] = whole
        fixture.objects["a-bucket/2"] = Array(whole.dropLast(20))
        fixture.objects["a-bucket/3"] = Array(#"{"Item":{}}"#.utf8)
        let ended = try await self.run(fixture, Self.input { $0.inputCompressionType = .zstd })
        #expect(ended.inputCompressionType == .zstd)
        #expect(ended.errorCount == 2)
        #expect(try await fixture.items("imported").count == 300)
    }

    @Test func `a bucket that is not there, or cannot be read, is told`() async throws {
        let fixture = try await BackupFixture()
        let absent = try await self.run(fixture, Self.input())
        #expect(absent.failureCode == "S3NoSuchBucket")
        #expect(absent.failureMessage == "The specified bucket does not exist")
        let table = await refused { () async throws(ServiceError) in try await fixture.table("imported") }
        #expect(table?.code == "ResourceNotFoundException")
        fixture.objects.fail(.unavailable("no disk"))
        let failed = try await self.run(fixture, Self.input { $0.tableCreationParameters.tableName = "other" })
        #expect(failed.failureCode == "S3InternalError")
        fixture.objects.fail(nil)
        let unlawful = try await self.run(fixture, Self.input { $0.s3BucketSource.s3Bucket = "Upper" })
        #expect(unlawful.failureCode == "S3NoSuchBucket")
    }

    @Test func `a client token makes an import happen once`() async throws {
        let fixture = try await BackupFixture()
        fixture.objects["a-bucket/object"] = Array(#"{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}"#.utf8)
        let input = Self.input { $0.clientToken = "token" }
        let first = try await self.run(fixture, input)
        #expect(try await self.run(fixture, input).importARN == first.importARN)
        // With another prefix, the token is answered by the import that it began.
        let elsewhere = Self.input {
            $0.clientToken = "token"
            $0.s3BucketSource.s3KeyPrefix = "elsewhere/"
        }
        let again = try await self.run(fixture, elsewhere)
        #expect(again.importARN == first.importARN)
        #expect(again.s3BucketSource?.s3KeyPrefix == first.s3BucketSource?.s3KeyPrefix)
        let error = await refused { () async throws(ServiceError) in
            try await self.run(fixture, Self.input(.csv) { $0.clientToken = "token" })
        }
        #expect(
            error
                == ServiceError(
                    code: "ImportConflictException",
                    message: "Import conflict: Duplicate request detected with conflicting parameters"))
    }

    @Test func `what cannot be imported is refused`() async throws {
        let fixture = try await BackupFixture()
        let changes: [(inout ImportTableInput) -> Void] = [
            { $0.inputFormatOptions = InputFormatOptions(csv: CsvOptions(delimiter: ";")) },
            { $0.tableCreationParameters.billingMode = nil },
        ]
        for change in changes {
            #expect(
                await wording { () async throws(ServiceError) in
                    try await self.run(fixture, Self.input(.dynamodbJson, change))
                }
                    != nil)
        }
        let error = await refused { () async throws(ServiceError) in
            try await self.run(fixture, Self.input { $0.tableCreationParameters.tableName = "items" })
        }
        #expect(error == ServiceError(code: "ResourceInUseException", message: "Table already exists: items"))
        let arn = "\(fixture.context.tableARN(named: "items"))/import/01489602797149-73d8d5bc"
        #expect(
            await refused { () async throws(ServiceError) in
                try await fixture.service.describeImport(DescribeImportInput(importARN: arn), fixture.context)
            } == ServiceError(code: "ImportNotFoundException", message: "Import not found: \(arn)"))
    }

    @Test func `imports are listed, the last first`() async throws {
        let fixture = try await BackupFixture()
        var arns: [String?] = []
        for name in ["aaa", "bbb", "ccc"] {
            fixture.clock.advance(milliseconds: 1000)
            arns.append(
                try await self.run(fixture, Self.input { $0.tableCreationParameters.tableName = name }).importARN)
        }
        let first = try await fixture.service.listImports(ListImportsInput(pageSize: 2), fixture.context)
        #expect(first.importSummaryList?.map(\.importARN) == [arns[2], arns[1]])
        #expect(first.nextToken.map { $0.utf8.count >= 112 && $0.utf8.count.isMultiple(of: 16) } == true)
        let rest = try await fixture.service.listImports(
            ListImportsInput(pageSize: 2, nextToken: first.nextToken), fixture.context)
        #expect(rest.importSummaryList?.map(\.importARN) == [arns[0]])
        #expect(rest.nextToken == nil)
        let own = try await fixture.service.listImports(
            ListImportsInput(tableARN: fixture.context.tableARN(named: "bbb")), fixture.context)
        #expect(own.importSummaryList?.map(\.importARN) == [arns[1]])
    }

    @Test func `random bytes never end an import otherwise than with an error`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            #"{"Item":"#, #"{"pk":{"S":"a"},"sk":{"N":"1"}}"#, "}", "\n", "\r\n", "\"", ",", "a", "\u{0}", "ü", "[",
            "]", #"{"M":{"#, "\\u00", "1e9", "pk,sk",
        ]
        for _ in 0..<60 {
            var text = ""
            for _ in 0..<(random.next() % 12) { text += pieces[Int(random.next() % UInt64(pieces.count))] }
            for format in [InputFormat.dynamodbJson, .csv] {
                let fixture = try await BackupFixture()
                fixture.objects["a-bucket/object"] = Array(text.utf8)
                let ended = try await self.run(fixture, Self.input(format))
                #expect(ended.importStatus != .inProgress, "seed \(seed), text \(text)")
            }
        }
    }

    @Test func `IAM sees the table`() async throws {
        let fixture = try await BackupFixture()
        #expect(
            fixture.service.access(Self.input(), fixture.context)
                == [
                    ResourceAccess(
                        action: "dynamodb:ImportTable", resource: fixture.context.tableARN(named: "imported"))
                ])
    }
}
