import DynamoDBModel
import DynamoDBValues
import Primitives
import ServiceModel
import TestSupport
import Testing
import WireProtocols

/// Items from the wire to their stored form and back, through the generated code.
@Suite struct ItemWireTests {
    /// The item of a PutItem as GetItem answers it.
    private func roundTrip(_ item: String) throws -> String {
        let reader = ShapeReader(JSONReader(Array(#"{"TableName":"t","Item":\#(item)}"#.utf8)))
        let input = try PutItemInput(from: reader)
        try reader.wire.finish()
        #expect(reader.violations.isEmpty)
        // What was counted while reading is what a look at each attribute comes to.
        #expect(input.item.itemBytes == AttributeMap(input.item.tree).itemBytes)
        let writer = JSONWriter()
        GetItemOutput(item: input.item).write(to: writer)
        let text = String(decoding: writer.takeBytes(), as: UTF8.self)
        return String(text.dropFirst(#"{"Item":"#.count).dropLast())
    }

    @Test(arguments: [
        "{}",
        #"{"s":{"S":""},"t":{"S":"a\"\\é😀\u0001"}}"#,
        #"{"n":{"N":"12345678901234567890123456789012345678"},"m":{"N":"-0.5"}}"#,
        #"{"b":{"B":""},"c":{"B":"AAEC/w=="}}"#,
        #"{"yes":{"BOOL":true},"no":{"BOOL":false},"nothing":{"NULL":true}}"#,
        #"{"ss":{"SS":["a","b"]},"ns":{"NS":["1","2.5"]},"bs":{"BS":["AA==","AQ=="]}}"#,
        #"{"l":{"L":[{"S":"a"},{"L":[]},{"M":{"x":{"L":[{"N":"1"}]},"y":{"NULL":true}}}]},"m":{"M":{}}}"#,
        #"{"":{"S":"an empty name"},"ключ":{"M":{"":{"S":""}}}}"#,
    ])
    func `an item of every type comes back byte for byte`(_ item: String) throws {
        #expect(try self.roundTrip(item) == item)
    }

    @Test(arguments: 0...20)
    func `a name and a text have their escapes wherever they stand`(_ count: Int) throws {
        for position in 0..<max(1, count) {
            for character in ["a", #"\""#, #"\\"#, #"\u0001"#, #"\b\t\n\f\r"#, "\u{7F}", " ", "é"] {
                var text = (0..<count).map { _ in "x" }
                if position < count { text[position] = character }
                let word = text.joined()
                let item = #"{"k\#(word)":{"S":"\#(word)"},"l":{"L":[{"S":"\#(word)"}]},"s":{"SS":["\#(word)"]}}"#
                #expect(try self.roundTrip(item) == item)
            }
        }
    }

    @Test func `a page of items is written as each of them`() throws {
        let item = #"{"pk":{"S":"a"},"n":{"N":"1"},"m":{"M":{"x":{"B":"AAEC"}}}}"#
        let reader = ShapeReader(JSONReader(Array(#"{"TableName":"t","Item":\#(item)}"#.utf8)))
        let map = try PutItemInput(from: reader).item
        for (count, items) in [(0, "[]"), (1, "[\(item)]"), (3, "[\(item),\(item),\(item)]")] {
            let writer = JSONWriter()
            QueryOutput(items: Array(repeating: map, count: count), count: count).write(to: writer)
            #expect(String(decoding: writer.takeBytes(), as: UTF8.self) == #"{"Items":\#(items),"Count":\#(count)}"#)
        }
    }

    @Test(arguments: [
        (#"{"a":{"S":"1"},"b":{"S":"2"},"a":{"N":"3"}}"#, #"{"b":{"S":"2"},"a":{"N":"3"}}"#),
        (#"{"m":{"M":{"x":{"S":"1"},"x":{"L":[{"S":"2"}]}}}}"#, #"{"m":{"M":{"x":{"L":[{"S":"2"}]}}}}"#),
        (#"{"a":{"N":"1e3"},"b":{"N":"007"},"c":{"N":"-0"}}"#, #"{"a":{"N":"1000"},"b":{"N":"7"},"c":{"N":"0"}}"#),
        (#"{"a" : { "S" : "\u0061\/" , "Unknown" : [1, {}] } }"#, #"{"a":{"S":"a/"}}"#),
    ])
    func `the later of two names counts, numbers are normalised, unknown members are skipped`(
        _ item: String, _ expected: String
    ) throws {
        #expect(try self.roundTrip(item) == expected)
    }

    @Test func `many names, repeated many times, are read in time that grows with the text alone`() throws {
        // With a search or a move for each name, this takes minutes.
        let distinct = (0..<20_000).map { #""n\#($0)":{"S":"\#($0)"}"# }
        let repeated = (0..<15_000).map { _ in #""n19999":{"S":"again"}"# }
        let found = try self.roundTrip("{\((distinct + repeated).joined(separator: ","))}")
        #expect(found == "{\((distinct.dropLast() + [#""n19999":{"S":"again"}"#]).joined(separator: ","))}")
    }

    @Test(arguments: [
        #"{ "a" : { "S" : "x" } , "b":{"N": "1" }}"#, "{\"a\":{\"S\":\"x\"\n},\"b\":{\t\"N\":\"1\"}}",
        #"{"a":{"S":"x","Unknown":1},"b":{"\u004e":"1"}}"#, #"{"a":{"\u0053":"x"},"b":{"N":"\u0031"}}"#,
        #"{"a":{"S":null,"S":"x"},"b":{"N":"01"}}"#,
    ])
    func `a text value is the same however it is written`(_ item: String) throws {
        #expect(try self.roundTrip(item) == #"{"a":{"S":"x"},"b":{"N":"1"}}"#)
    }

    @Test(arguments: [
        #"{"a":{"S":"a"#, #"{"a":{"S":"a""#, #"{"a":{"S":"a"}"#, #"{"a":{"S""#, #"{"a":{"S":}}"#, #"{"a":{"S":"a",}}"#,
        #"{"a":{"S" "a"}}"#, #"{"a":{"S":"a"]}"#, #"{"a":{S:"a"}}"#, "{\"a\":{\"S\":\"a\u{1}\"}}",
    ])
    func `a text value that is broken is refused`(_ item: String) {
        #expect(throws: ShapeError.self) { try self.roundTrip(item) }
    }

    @Test(arguments: [
        #"{"a":"text"}"#, #"{"a":{"S":1}}"#, #"{"a":{"SS":"a"}}"#, #"{"a":{"L":[null]}}"#, #"{"a":{"M":[]}}"#,
        #"{"a":{"B":"?"}}"#, #"{"a":{"BOOL":"true"}}"#, #"[]"#, #"{"a":{"S":"a"}"#, #"{"a":{"SS":["a",null]}}"#,
    ])
    func `a value of the wrong kind is refused while it is read`(_ item: String) {
        #expect(throws: ShapeError.self) { try self.roundTrip(item) }
    }

    @Test func `random items come back as they went in`() throws {
        let seed = SeededRandomSource.testSeed(0x17E3)
        let random = SeededRandomSource(seed: seed)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        func value(_ depth: Int) -> String {
            let text = (0..<below(40)).map { _ in ["a", "é", "😀", "\\n", "\\\"", " "][below(6)] }.joined()
            switch below(depth > 0 ? 9 : 6) {
            case 0, 1: return #"{"S":"\#(text)"}"#
            case 2: return #"{"N":"\#(below(1_000_000))"}"#
            case 3: return #"{"BOOL":\#(below(2) == 0)}"#
            case 4: return #"{"NULL":true}"#
            case 5: return #"{"SS":["\#(text)1","\#(text)2"]}"#
            case 6: return #"{"L":[\#((0..<below(4)).map { _ in value(depth - 1) }.joined(separator: ","))]}"#
            default: return #"{"M":\#(map(depth - 1))}"#
            }
        }
        func map(_ depth: Int) -> String {
            "{" + (0..<below(6)).map { #""name\#($0)":\#(value(depth))"# }.joined(separator: ",") + "}"
        }
        for round in 0..<300 {
            let item = map(6)
            #expect(try self.roundTrip(item) == item, "round \(round), seed \(seed)")
        }
    }
}
