import DynamoDBValues
import Primitives
import TestSupport
import Testing

/// What AWS says of keys that do not fit a table or its indexes.
struct KeyCheckTests {
    private static let schema = KeySchema(partition: [KeyElement("id", .s)], sort: [KeyElement("at", .n)])
    private static let mismatch = "The provided key element does not match the schema"
    private static let invalid = "One or more parameter values were invalid: "

    private static func empty(_ kind: String, _ key: String) -> String {
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
            + "\(kind) value. Key: \(key)"
    }

    private static let long = AttributeValue.s(String(repeating: "x", count: 2049))
    private static let hashSize = "Size of hashkey has exceeded the maximum size limit of2048 bytes"
    private static let sortSize = "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"

    @Test(
        arguments: [
            Case([("id", .s("a")), ("at", number("1"))], nil), Case([("id", .s("a"))], mismatch), Case([], mismatch),
            Case([("id", .s("a")), ("when", number("1"))], mismatch),
            Case([("id", .s("a")), ("at", .s("1"))], mismatch),
            Case([("id", .s("a")), ("at", number("1")), ("x", .null)], mismatch),
            Case([("id", .s("")), ("at", number("1"))], empty("string", "id")),
            Case([("id", long), ("at", number("1"))], invalid + hashSize),
            Case([("id", long), ("at", .s("1"))], invalid + hashSize),
        ] as [Case<[(String, AttributeValue)], String?>])
    func `a key has the key's attributes and nothing else`(_ example: Case<[(String, AttributeValue)], String?>) {
        let text = refusal { () throws(ValidationFailure) in try KeyCheck.key(item(example.input), Self.schema) }
        #expect(text == example.output)
    }

    @Test(
        arguments: [
            Case([("at", number("1")), ("id", .s("a")), ("more", .null)], nil),
            Case([("at", number("1"))], invalid + "Missing the key id in the item"),
            Case([("id", .s("a"))], invalid + "Missing the key at in the item"),
            Case(
                [("id", number("5")), ("at", number("1"))], invalid + "Type mismatch for key id expected: S actual: N"),
            Case([("id", .s("a")), ("at", .l([]))], invalid + "Type mismatch for key at expected: N actual: L"),
            Case([("id", .s(""))], empty("string", "id")),
            Case([("id", long)], invalid + hashSize),
        ] as [Case<[(String, AttributeValue)], String?>])
    func `an item has its key`(_ example: Case<[(String, AttributeValue)], String?>) {
        let text = refusal { () throws(ValidationFailure) in try KeyCheck.item(item(example.input), Self.schema) }
        #expect(text == example.output)
    }

    @Test func `keys are measured in bytes, at the limit and beyond it`() {
        let schema = KeySchema(partition: [KeyElement("p", .b)], sort: [KeyElement("s", .s)])
        func check(_ partition: Int, _ sort: Int) -> String? {
            let key = item([
                ("p", .b([UInt8](repeating: 1, count: partition))), ("s", .s(String(repeating: "é", count: sort))),
            ])
            return refusal { () throws(ValidationFailure) in try KeyCheck.key(key, schema) }
        }
        #expect(check(2048, 512) == nil)
        #expect(check(2049, 512) == Self.invalid + Self.hashSize)
        #expect(check(2048, 513) == Self.invalid + Self.sortSize)
        #expect(check(0, 1) == Self.empty("binary", "p"))
    }

    @Test func `index attributes are of their type and not empty where they are there`() {
        let schema = KeySchema(partition: [KeyElement("g", .s)], sort: [KeyElement("h", .b)])
        func put(_ entries: [(String, AttributeValue)]) -> String? {
            refusal { () throws(ValidationFailure) in
                try KeyCheck.indexAttributes(item(entries), schema, indexName: "byG")
            }
        }
        #expect(put([("x", .null)]) == nil)
        #expect(put([("g", .s("a")), ("h", .b([0]))]) == nil)
        #expect(
            put([("g", number("1"))])
                == Self.invalid + "Type mismatch for Index Key g Expected: S Actual: N IndexName: byG"
        )
        #expect(
            put([("g", .s("a")), ("h", .b([]))])
                == "One or more parameter values are not valid. A value specified for a secondary index key is not "
                + "supported. The AttributeValue for a key attribute cannot contain an empty binary value. "
                + "IndexName: byG, IndexKey: h"
        )
    }

    @Test func `the attributes of an index's key count together`() {
        let schema = KeySchema(
            partition: [KeyElement("p", .s), KeyElement("q", .b)], sort: [KeyElement("r", .s), KeyElement("s", .s)])
        func entries(_ counts: [Int]) -> [(String, AttributeValue)] {
            func text(_ place: Int) -> AttributeValue { .s(String(repeating: "x", count: counts[place])) }
            return [
                ("p", text(0)), ("q", .b([UInt8](repeating: 1, count: counts[1]))), ("r", text(2)), ("s", text(3)),
            ]
        }
        func put(_ counts: [Int]) -> String? {
            refusal { () throws(ValidationFailure) in
                try KeyCheck.indexAttributes(item(entries(counts)), schema, indexName: "byP")
            }
        }
        func update(_ before: [Int], _ after: [Int]) -> String? {
            refusal { () throws(ValidationFailure) in
                try KeyCheck.updatedIndexAttributes(item(entries(after)), was: item(entries(before)), schema)
            }
        }
        #expect(put([2000, 48, 1000, 24]) == nil)
        #expect(put([2000, 49, 1000, 24]) == Self.invalid + Self.hashSize)
        #expect(put([2000, 48, 1000, 25]) == Self.invalid + Self.sortSize)
        #expect(KeyCheck.hasIndexKey(item(entries([2000, 48, 1000, 24])), schema))
        #expect(!KeyCheck.hasIndexKey(item(entries([2000, 49, 1000, 24])), schema))
        #expect(!KeyCheck.hasIndexKey(item(entries([2000, 48, 1000, 25])), schema))
        #expect(!KeyCheck.hasIndexKey(item(Array(entries([1, 1, 1, 1]).dropLast())), schema))
        let tooLong = "The update expression attempted to update the secondary index key beyond allowed size limits"
        #expect(update([1, 48, 1, 1], [2000, 48, 1, 1]) == nil)
        #expect(update([1, 49, 1, 1], [2000, 49, 1, 1]) == tooLong)
        #expect(update([1, 1, 1000, 1], [1, 1, 1000, 25]) == tooLong)
        // What was too long before is not asked for as long as it stays.
        #expect(update([2000, 49, 1, 1], [2000, 49, 1, 2]) == nil)
    }

    @Test func `an update is asked only for what it changed`() {
        let schema = KeySchema(partition: [KeyElement("g", .s)])
        func update(_ before: [(String, AttributeValue)], _ after: [(String, AttributeValue)]) -> String? {
            refusal { () throws(ValidationFailure) in
                try KeyCheck.updatedIndexAttributes(item(after), was: item(before), schema)
            }
        }
        #expect(update([("g", number("1"))], [("g", number("1")), ("x", .null)]) == nil)
        #expect(
            update([], [("g", number("1"))])
                == "The update expression attempted to update the secondary index key to unsupported type"
        )
        #expect(update([], [("g", .s(String(repeating: "x", count: 2048)))]) == nil)
        #expect(
            update([], [("g", .s(String(repeating: "x", count: 2049)))])
                == "The update expression attempted to update the secondary index key beyond allowed size limits"
        )
        #expect(
            update([("g", .s("a"))], [("g", .s(""))])
                == "One or more parameter values are not valid. The update expression attempted to update a secondary "
                + "index key to a value that is not supported. The AttributeValue for a key attribute cannot contain "
                + "an empty string value."
        )
    }
}

/// The bytes of keys.
struct KeyEncoderTests {
    private static let space = KeySpace(table: 0x0102_0304_0506_0708, index: 3)

    @Test func `a key begins with table, index and the hash of the partition`() {
        let schema = KeySchema(partition: [KeyElement("id", .s)], sort: [KeyElement("at", .s)])
        let key = KeyEncoder.tableKey(Self.space, schema, item([("id", .s("a")), ("at", .s("tail"))]))
        #expect(Array(key.prefix(10)) == [1, 2, 3, 4, 5, 6, 7, 8, 0, 3])
        #expect(key.count == 10 + 16 + 4)
        #expect(Array(key.suffix(4)) == Array("tail".utf8))
        let other = KeyEncoder.tableKey(Self.space, schema, item([("id", .s("b")), ("at", .s("tail"))]))
        #expect(other.prefix(26) != key.prefix(26))
        #expect(KeyEncoder.partitionPrefix(Self.space, schema, [Array("a".utf8)[...]]) == Array(key.prefix(26)))
    }

    @Test func `attributes of a partition do not run into each other`() {
        let schema = KeySchema(partition: [KeyElement("a", .s), KeyElement("b", .s)])
        func prefix(_ left: String, _ right: String) -> [UInt8] {
            KeyEncoder.partitionPrefix(Self.space, schema, [Array(left.utf8)[...], Array(right.utf8)[...]])
        }
        #expect(prefix("ab", "c") != prefix("a", "bc"))
        #expect(prefix("", "abc") != prefix("abc", ""))
    }

    @Test func `an index has only items with all of its attributes`() {
        let schema = KeySchema(partition: [KeyElement("g", .s)], sort: [KeyElement("h", .n), KeyElement("i", .s)])
        let base: [UInt8] = [1, 2, 3]
        let whole = item([("g", .s("a")), ("h", number("1")), ("i", .s("x"))])
        #expect(KeyEncoder.indexKey(Self.space, schema, whole, baseKey: base) != nil)
        #expect(
            KeyEncoder.indexKey(Self.space, schema, whole.filter { !$0.elementsEqual("h".utf8) }, baseKey: base) == nil)
        let wrong = item([("g", .s("a")), ("h", .s("1")), ("i", .s("x"))])
        #expect(KeyEncoder.indexKey(Self.space, schema, wrong, baseKey: base) == nil)
        // Values that no key can have, from before the index was made.
        for text in ["", String(repeating: "x", count: 1025)] {
            let odd = item([("g", .s("a")), ("h", number("1")), ("i", .s(text))])
            #expect(KeyEncoder.indexKey(Self.space, schema, odd, baseKey: base) == nil)
        }
        // The attributes of the sort key count together: the number takes two bytes.
        for (count, isKey) in [(1022, true), (1023, false)] {
            let long = item([("g", text(2048)), ("h", number("1")), ("i", text(count))])
            #expect((KeyEncoder.indexKey(Self.space, schema, long, baseKey: base) != nil) == isKey)
        }
    }

    @Test func `index keys sort by their attributes from the left, then apart`() throws {
        let seed = SeededRandomSource.testSeed(0xDB7)
        var random = SeededGenerator(seed: seed)
        let schema = KeySchema(partition: [KeyElement("g", .s)], sort: [KeyElement("t", .s), KeyElement("n", .n)])
        struct Row {
            let text: [UInt8]
            let number: Int
            let key: [UInt8]
        }
        let rows: [Row] = (0..<400).map { position in
            let text = String(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in "\0a\u{FF}".randomElement(using: &random) ?? "a"
                })
            let value = Int.random(in: -3...3, using: &random)
            let subject = item([("g", .s("p")), ("t", .s(text)), ("n", .n(DynamoDBNumber(value)))])
            let key = KeyEncoder.indexKey(Self.space, schema, subject, baseKey: Array("\(position)".utf8)) ?? []
            return Row(text: Array(text.utf8), number: value, key: key)
        }
        for (left, right) in zip(rows, rows.shuffled(using: &random)) where left.key != right.key {
            let isBefore = left.key.lexicographicallyPrecedes(right.key)
            if left.text != right.text {
                #expect(isBefore == left.text.lexicographicallyPrecedes(right.text), "seed \(seed)")
            } else if left.number != right.number {
                #expect(isBefore == (left.number < right.number), "seed \(seed)")
            }
        }
        #expect(Set(rows.map(\.key)).count == rows.count, "seed \(seed)")
    }
}
