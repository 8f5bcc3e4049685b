import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import KeyValue
import Primitives
import ServiceKit
import ServiceModel
import Testing

/// Items whose stored form is far larger than AWS's size of them. A job that could not store what it makes of one would
/// never end.
@Suite(.timeLimit(.minutes(2))) struct StoredSizeTests {
    /// Empty texts take one byte each as charged, and five as stored.
    private static func texts(_ count: Int) -> AttributeValue {
        .l(Array(repeating: .s(""), count: count))
    }

    /// Less than forty bytes smaller than the largest stored form.
    private static let largest = 209_700
    private static let tooLarge = Self.largest + 10

    private static let refusal = "Item size has exceeded the maximum allowed size"

    private static func json(_ pk: String, _ count: Int, _ attributes: String) -> String {
        let texts = Array(repeating: #"{"S":""}"#, count: count).joined(separator: ",")
        return #"{"Item":{"pk":{"S":"\#(pk)"}\#(attributes),"l":{"L":[\#(texts)]}}}"#
    }

    @Test func `an item of 400 KB that takes more than 1 MiB is refused by every write`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("l", Self.texts(Self.largest))])
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.put(key("a", 2) + [("l", Self.texts(Self.tooLarge))])
            } == Self.refusal)
        #expect(
            await wording { () throws(ServiceError) in
                try await fixture.update(key("a", 1), "SET l = list_append(l, :more)", [(":more", Self.texts(10))])
            } == "Item size to update has exceeded the maximum allowed size")
    }

    @Test func `an import counts such an item as an error, and ends`() async throws {
        let fixture = try await BackupFixture()
        fixture.objects["a-bucket/object"] = Array(
            [
                Self.json("a", 1, #","sk":{"N":"1"}"#), Self.json("b", Self.tooLarge, #","sk":{"N":"1"}"#),
                Self.json("c", 1, #","sk":{"N":"1"}"#),
            ].joined(separator: "\n").utf8)
        let input = ImportTableInput(
            s3BucketSource: S3BucketSource(s3Bucket: "a-bucket"), inputFormat: .dynamodbJson,
            tableCreationParameters: TableCreationParameters(
                tableName: "imported", attributeDefinitions: ItemFixture.plain.attributeDefinitions ?? [],
                keySchema: ItemFixture.plain.keySchema ?? [], billingMode: .payPerRequest))
        let started = try await fixture.service.importTable(input, fixture.context).importTableDescription
        await fixture.service.jobs.whenIdle()
        let ended = try await fixture.service.describeImport(
            DescribeImportInput(importARN: started.importARN ?? ""), fixture.context
        ).importTableDescription
        #expect(ended.importStatus == .failed)
        #expect(ended.importedItemCount == 2)
        #expect(ended.errorCount == 1)
        #expect(try await fixture.table("imported")?.tableStatus == .active)
    }

    @Test func `a bulk put reports such an item, with a key or without, and ends`() async throws {
        let fixture = try await BackupFixture()
        fixture.place(
            "1",
            [
                Self.json("a", Self.tooLarge, #","sk":{"N":"1"}"#), Self.json("b", Self.tooLarge, ""),
                Self.json("c", 1, #","sk":{"N":"1"}"#),
            ])
        let ended = try await fixture.bulk()
        #expect(ended.bulkOperationStatus == .completedWithErrors)
        #expect(ended.failedItemCount == 2)
        let report = try fixture.report("error")
        #expect(report.count == 2)
        #expect(report.allSatisfy { $0.contains(Self.refusal) && $0.utf8.count < 16_384 })
        #expect(try await fixture.items().map { $0["pk"] } == [.s("c")])
    }

    @Test func `an incremental export holds both images of a largest item`() async throws {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        fixture.clock.advance(milliseconds: 1000)
        let large = key("a", 1) + [("l", Self.texts(Self.largest))]
        try await fixture.put(large)
        let from = Timestamp(secondsSinceEpoch: fixture.clock.now().secondsSinceEpoch + 60)
        fixture.clock.set(from)
        try await fixture.put(key("a", 1))
        try await fixture.put(large)
        let to = Timestamp(secondsSinceEpoch: from.secondsSinceEpoch + 900)
        fixture.clock.set(to)
        fixture.clock.advance(milliseconds: 1)
        let export = try await fixture.export {
            $0.exportType = .incrementalExport
            $0.incrementalExportSpecification = IncrementalExportSpecification(exportFromTime: from, exportToTime: to)
        }
        #expect(export?.exportStatus == .completed)
        #expect(export?.itemCount == 1)
        #expect(try fixture.lines().first?.contains(#""OldImage":"#) == true)
    }

    @Test func `a vector index takes a largest item`() async throws {
        let fixture = try await UpdateFixture()
        let vector = AttributeValue.l(Array(repeating: int(1), count: 16))
        try await fixture.tables.put(
            "table", [("pk", .s("a")), ("v", vector), ("l", Self.texts(Self.largest - 20))])
        try await fixture.update {
            $0.vectorIndexUpdates = [
                VectorIndexUpdate(
                    create: CreateVectorIndexAction(
                        indexName: "vix", vectorAttribute: VectorAttributeDefinition(attributeName: "v"),
                        projection: DynamoDBModel.Projection(projectionType: .all), dimensions: 16,
                        distanceFunction: .euclidean))
            ]
        }
        await fixture.settle()
        #expect(try await fixture.described().vectorIndexes?.first?.indexStatus == .active)
    }
}
