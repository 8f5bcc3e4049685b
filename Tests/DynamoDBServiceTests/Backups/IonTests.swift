import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceKit
import ServiceModel
import Testing

/// Amazon Ion as exports write it and imports read it.
struct IonTests {
    private func enabled() async throws -> BackupFixture {
        let fixture = try await BackupFixture()
        try await fixture.recovery(true)
        fixture.clock.advance(milliseconds: 1000)
        return fixture
    }

    /// The line of an item with these attributes, behind its key.
    private func line(_ attributes: [(String, AttributeValue)]) async throws -> String {
        let fixture = try await self.enabled()
        try await fixture.put(key("a", 1) + attributes)
        let export = try await fixture.export { $0.exportFormat = .ion }
        #expect(export?.exportFormat == .ion)
        return try fixture.lines().joined(separator: "|")
    }

    /// What an object with this text comes to as an import: its items, and how many errors there were.
    private func imported(_ text: String) async throws -> (items: [[String: AttributeValue]], errors: Int?) {
        let fixture = try await BackupFixture()
        fixture.objects["a-bucket/object"] = Array(text.utf8)
        let plain = ItemFixture.plain
        let started = try await fixture.service.importTable(
            ImportTableInput(
                s3BucketSource: S3BucketSource(s3Bucket: "a-bucket"), inputFormat: .ion,
                tableCreationParameters: TableCreationParameters(
                    tableName: "imported", attributeDefinitions: plain.attributeDefinitions ?? [],
                    keySchema: plain.keySchema ?? [], billingMode: .payPerRequest)),
            fixture.context)
        #expect(started.importTableDescription.inputFormat == .ion)
        await fixture.service.jobs.whenIdle()
        let arn = started.importTableDescription.importARN ?? ""
        let ended = try await fixture.service.describeImport(DescribeImportInput(importARN: arn), fixture.context)
        return (try await fixture.items("imported"), ended.importTableDescription.errorCount)
    }

    // Exports

    @Test func `the example of the Developer Guide is written as it stands there`() async throws {
        #expect(
            try await self.line([
                ("Authors", .ss(["Author1", "Author2"])), ("Dimensions", .s("8.5 x 11.0 x 1.5")),
                ("Id", .n(DynamoDBNumber(103))), ("InPublication", .bool(false)),
                ("PageCount", .n(DynamoDBNumber(600))),
                ("Price", .n(DynamoDBNumber(2000))),
            ])
                == #"$ion_1_0 {Item:{pk:"a",sk:1.,Authors:$dynamodb_SS::["Author1","Author2"],"#
                + #"Dimensions:"8.5 x 11.0 x 1.5",Id:103.,InPublication:false,PageCount:6d2,Price:2d3}}"#)
    }

    @Test func `every type has its form`() async throws {
        let one = try DynamoDBNumber("-1.5")
        #expect(
            try await self.line([
                ("b", .b([0, 255])), ("e", .b([])), ("n", .null), ("t", .bool(true)),
                ("l", .l([.s(""), .l([]), .m(AttributeTree([.init("x", .n(one))]))])), ("m", .m(AttributeTree([]))),
                ("ns", .ns([one, DynamoDBNumber(10)])), ("bs", .bs([[1], [2]])),
            ])
                == #"$ion_1_0 {Item:{pk:"a",sk:1.,b:{{AP8=}},e:{{}},n:null,t:true,l:["",[],{x:-1.5}],m:{},"#
                + #"ns:$dynamodb_NS::[-1.5,1d1],bs:$dynamodb_BS::[{{AQ==}},{{Ag==}}]}}"#)
    }

    @Test(
        arguments: [
            ("0", "0."), ("-7", "-7."), ("12.34", "12.34"), ("0.5", "0.5"), ("0.000001", "0.000001"),
            ("0.0000001", "1d-7"), ("-0.00000012", "-12d-8"), ("1e125", "1d125"), ("1e-130", "1d-130"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678."),
            ("1.2345678901234567890123456789012345678", "1.2345678901234567890123456789012345678"),
        ] as [(String, String)])
    func `numbers are decimals, as Ion's library for Java writes them`(_ text: String, _ shown: String) async throws {
        let line = try await self.line([("n", .n(try DynamoDBNumber(text)))])
        #expect(line.hasSuffix("n:\(shown)}}"))
        let (items, errors) = try await self.imported(line)
        #expect(errors == 0)
        #expect(items.first?["n"] == .n(try DynamoDBNumber(text)))
    }

    @Test func `names and texts are quoted where they must be`() async throws {
        let text = "\"quoted\" \\ 'single' \n\u{7F}\u{1}"
        let line = try await self.line([
            ("a b", .s(text)), ("null", .s("ü€\u{1F600}")), ("$10", .null), ("$a", .null), ("1a", .null),
            ("it's", .null),
        ])
        #expect(
            line
                == #"$ion_1_0 {Item:{pk:"a",sk:1.,'a b':"\"quoted\" \\ 'single' \x0a\x7f\x01","#
                + #"'null':"ü€😀",'$10':null,"#
                + #"$a:null,'1a':null,'it\'s':null}}"#)
        let (items, errors) = try await self.imported(line)
        #expect(errors == 0)
        #expect(items.first?["a b"] == .s(text))
        #expect(items.first?["it's"] == .null)
        #expect(items.first?.count == 8)
    }

    @Test func `quotes within long texts do not run records together`() async throws {
        let (items, errors) = try await self.imported(
            #"{Item:{pk:'''it's''',sk:1.,a:'''a } ''"b''' '''c\''''}}{Item:{pk:"b",sk:2.,c:''''''}}"#
                + #"{Item:{pk:"c",sk:3.,'x}y':"'''"}}"#)
        #expect(errors == 0)
        #expect(items.count == 3)
        #expect(items.first { $0["pk"] == .s("it's") }?["a"] == .s(#"a } ''"bc'"#))
        #expect(items.first { $0["pk"] == .s("b") }?["c"] == .s(""))
        #expect(items.first { $0["pk"] == .s("c") }?["x}y"] == .s("'''"))
    }

    @Test func `comments are skipped, whatever quotes and braces they have`() async throws {
        let (items, errors) = try await self.imported(
            """
            // it's the first {
            $ion_1_0 {Item:{pk:"a",sk:1., // it's "a" }
              b:{{Ly8v}} /* don't } */, c:{{////}}, d:"// no comment"}} // {
            /*/ ' **/ {Item:/**/{pk:"b"/* " */,sk:2.}}
            // the end's

            """)
        #expect(errors == 0)
        #expect(items.count == 2)
        let first = items.first { $0["pk"] == .s("a") }
        #expect(first?["b"] == .b(Array("///".utf8)))
        #expect(first?["c"] == .b([255, 255, 255]))
        #expect(first?["d"] == .s("// no comment"))
    }

    @Test func `an incremental export has records`() async throws {
        let fixture = try await self.enabled()
        try await fixture.put(key("a", 1) + [("v", .n(DynamoDBNumber(1)))])
        let from = Timestamp(secondsSinceEpoch: fixture.clock.now().secondsSinceEpoch + 60)
        fixture.clock.set(from)
        try await fixture.put(key("a", 1) + [("v", .n(DynamoDBNumber(2)))])
        let to = from.advanced(byMilliseconds: 900_000)
        fixture.clock.set(to.advanced(byMilliseconds: 1))
        let export = try await fixture.export {
            $0.exportFormat = .ion
            $0.exportType = .incrementalExport
            $0.incrementalExportSpecification = IncrementalExportSpecification(exportFromTime: from, exportToTime: to)
        }
        #expect(export?.exportStatus == .completed)
        let micros = from.millisecondsSinceEpoch * 1000
        #expect(
            try fixture.lines() == [
                "$ion_1_0 {Record:{Metadata:{WriteTimestampMicros:\(micros).},Keys:{pk:\"a\",sk:1.},"
                    + "OldImage:{pk:\"a\",sk:1.,v:1.},NewImage:{pk:\"a\",sk:1.,v:2.}}}"
            ])
    }

    // Imports

    @Test func `what Ion allows is read, on lines or over them`() async throws {
        let (items, errors) = try await self.imported(
            #"""
            $ion_1_0 {Item:{pk:"a",sk:1,b:{{ AP8= }},ns:$dynamodb_NS::[1.,2d1,],s:$dynamodb_SS::["x"]}}
            $ion_1_0 {
              "Item": {
                'pk': '''long ''' '''text''', sk: 2., l: [null.string, true, {m: "\x41\u00e9\U0001F600\t"}],
                bs: $dynamodb_BS::[{{AQ==}}, {{Ag==}}], n: 1_000.5d-1, x: other::"annotated",
              },
              Rest: [1, "}"],
            }
            {Item:{pk:"b",sk:3e0}}
            """#)
        #expect(errors == 0)
        #expect(items.count == 3)
        let first = try #require(items.first { $0["pk"] == .s("a") })
        #expect(first["b"] == .b([0, 255]))
        #expect(first["ns"] == .ns([DynamoDBNumber(1), DynamoDBNumber(20)]))
        let second = try #require(items.first { $0["pk"] == .s("long text") })
        #expect(second["l"] == .l([.null, .bool(true), .m(AttributeTree([.init("m", .s("Aé\u{1F600}\t"))]))]))
        #expect(second["n"] == .n(try DynamoDBNumber("100.05")))
        #expect(second["x"] == .s("annotated"))
    }

    @Test(arguments: [
        #"$ion_1_0 {Item:{pk:"a",sk:1.,x:symbol}}"#, #"$ion_1_0 {Item:{pk:"a",sk:1.,x:'symbol'}}"#,
        #"$ion_1_0 {Item:{pk:"a",sk:1.,x:{{"clob"}}}}"#, #"$ion_1_0 {Item:{pk:"a",sk:1.,x:2026-11-29T}}"#,
        #"$ion_1_0 {Item:{pk:"a",sk:1.,x:(1 2)}}"#, #"$ion_1_0 {Item:{pk:"a",sk:1.,x:nan}}"#,
        #"$ion_1_0 {Item:{pk:"a",sk:1."#, "$ion_1_0 {Item:[1]}", #"$ion_1_0 {pk:"a",sk:1.}"#, "$ion_1_0 [1]", "}", "{",
        "\u{0}", #"$ion_1_0 {Item:{pk:"a\xZZ",sk:1.}}"#, "''", "$ion_1_0",
    ])
    func `what is no item of DynamoDB's is an error`(_ text: String) async throws {
        let (items, errors) = try await self.imported(text)
        #expect(items == [])
        #expect(errors == 1)
    }

    @Test func `what breaks a rule of items is an error, and the next is looked at`() async throws {
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        let (items, errors) = try await self.imported(
            """
            $ion_1_0 {Item:{pk:"a",sk:1.,x:$dynamodb_SS::[]}}
            $ion_1_0 {Item:{pk:"a",sk:1.,x:$dynamodb_NS::[1.,1]}}
            $ion_1_0 {Item:{pk:"a",sk:1.,x:1d126}}
            $ion_1_0 {Item:{pk:"a",sk:1.,x:\(deep)}}
            $ion_1_0 {Item:{pk:1.,sk:1.}}
            $ion_1_0 {Item:{pk:"a",sk:1.}}
            """)
        #expect(items.count == 1)
        #expect(errors == 5)
    }

    @Test func `nothing that is nested without an end costs more than a refusal`() async throws {
        for unit in ["[", "{a:", "x::", "{{", "'''", "\""] {
            let (items, errors) = try await self.imported("{Item:{pk:" + String(repeating: unit, count: 20_000))
            #expect(items == [])
            #expect(errors == 1)
        }
    }
}
