import Primitives
import ServiceModel
import TestSupport
import Testing
import WireProtocols

/// Entries that are read at once must be those that are read member by member.
@Suite struct JSONLoneEntryTests {
    private static let value = JSONTestSchemas.structure(
        "Value",
        [
            "S": JSONTestSchemas.string, "N": JSONTestSchemas.string, "B": JSONTestSchemas.blob,
            "SS": JSONTestSchemas.list(JSONTestSchemas.string), "BOOL": JSONTestSchemas.boolean,
            "NULL": JSONTestSchemas.boolean, "X": JSONTestSchemas.boolean, "text": JSONTestSchemas.string,
        ], type: .union)
    private static let map = MemberSchema(name: "Item", target: JSONTestSchemas.map(Self.value))

    private struct Entry: Equatable {
        var key: String
        /// The members of the value, of which there should be one.
        var members: [Int]
        var text: String
    }

    /// All entries of a map; nil if it is refused.
    private static func entries(_ bytes: [UInt8], atOnce: Bool) -> (entries: [Entry], readAtOnce: Int)? {
        do throws(ShapeError) {
            let reader = JSONReader(bytes)
            var entries: [Entry] = []
            var count = 0
            try reader.beginMap(Self.map)
            while true {
                let isRead =
                    atOnce
                    && reader.readLoneEntry(Self.value) { key, index, text in
                        guard key.count != 3 else { return false }
                        entries.append(Entry(key: Self.text(key), members: [index], text: Self.text(text)))
                        return true
                    }
                if isRead {
                    count += 1
                    continue
                }
                guard let key = try reader.nextKey(Self.map) else { break }
                entries.append(try Self.rest(of: key, reader))
            }
            try reader.finish()
            return (entries, count)
        } catch {
            return nil
        }
    }

    private static func rest(of key: String, _ reader: JSONReader) throws(ShapeError) -> Entry {
        var entry = Entry(key: key, members: [], text: "")
        try reader.beginStructure(Self.value)
        while let index = try reader.nextMember(Self.value) {
            entry.members.append(index)
            let member = Self.value.members[index]
            switch member.target.type {
            case .string: entry.text = try reader.readString(member)
            case .boolean: entry.text = try reader.readBoolean(member) ? "true" : "false"
            default: try reader.skipValue()
            }
        }
        return entry
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    /// The same map as different clients write it.
    private static let spellings = [
        #"{"a":{"S":"x"},"b":{"N":"12"},"yes":{"BOOL":true},"no":{"BOOL":false},"nil":{"NULL":true},"c":{"text":""}}"#,
        #"{"a": {"S": "x"}, "b": {"N": "12"}, "yes": {"BOOL": true}, "no": {"BOOL": false}, "nil": {"NULL": true}, "#
            + #""c": {"text": ""}}"#,
        "{ \"a\" :\n{\t\"S\" : \"x\" } ,\n\"b\":{\"N\": \"12\"},\"yes\": {\"BOOL\":true },\"no\":{ \"BOOL\" :false},"
            + "\"nil\":{\"NULL\":\r\ntrue}, \"c\":{ \"text\":\"\"}\n}",
    ]

    @Test func `entries are the same whoever writes them`() throws {
        let expected = [
            Entry(key: "a", members: [0], text: "x"), Entry(key: "b", members: [1], text: "12"),
            Entry(key: "yes", members: [4], text: "true"), Entry(key: "no", members: [4], text: "false"),
            Entry(key: "nil", members: [5], text: "true"), Entry(key: "c", members: [7], text: ""),
        ]
        for spelling in Self.spellings {
            let found = try #require(Self.entries(Array(spelling.utf8), atOnce: true))
            #expect(found.entries == expected)
            // Two have a key of three bytes, which the test does not take at once.
            #expect(found.readAtOnce == 4)
            let slow = try #require(Self.entries(Array(spelling.utf8), atOnce: false))
            #expect(slow.entries == expected && slow.readAtOnce == 0)
        }
    }

    @Test func `any text is read or refused in both ways alike`() {
        let seed = SeededRandomSource.testSeed(0x4C4F_4E45)
        let generator = JSONGenerator(seed: seed)
        let others = [
            #"{"a":{"S":"x","N":"1"}}"#, #"{"a":{"S":null}}"#, #"{"a":{"\u0053":"x"}}"#, #"{"a":{"S":"\n"}}"#,
            #"{"a":{"B":"AA=="}}"#, #"{"a":{"X":"true"}}"#, #"{"a":{"S":true}}"#, #"{"a":{"BOOL":"true"}}"#,
            #"{"a":{"SS":["a"]}}"#, #"{"a":{}}"#, #"{"\"":{"S":"}"}}"#, #"{"a": {"S":"x"}}"#, #"{"a":{"S": "x"}}"#,
            #"{"a":{"Q":"x"},"b":{"S":"y"}}"#, #"{"a":{"text":"x"}, "b": {"S": "é"}}"#, #"{"a":{"BOOL":tru"#,
        ]
        for round in 0..<20_000 {
            let source = (Self.spellings + others)[round % (Self.spellings.count + others.count)]
            var bytes = Array(source.utf8)
            for _ in 0..<(round / 7 % 4) { generator.mutate(&bytes) }
            let quick = Self.entries(bytes, atOnce: true)
            let slow = Self.entries(bytes, atOnce: false)
            guard quick?.entries == slow?.entries else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
    }
}
