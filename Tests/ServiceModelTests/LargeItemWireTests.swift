import DynamoDBModel
import DynamoDBValues
import ServiceModel
import Testing
import WireProtocols

/// Requests that are far larger than anything that is stored.
@Suite struct LargeItemWireTests {
    private func put(_ item: String) throws -> AttributeMap {
        let reader = ShapeReader(JSONReader(Array(#"{"TableName":"t","Item":\#(item)}"#.utf8)))
        let input = try PutItemInput(from: reader)
        try reader.wire.finish()
        return input.item
    }

    private func values(_ values: String) throws -> AttributeMap {
        let text = #"{"TableName":"t","Key":{},"ExpressionAttributeValues":\#(values)}"#
        let reader = ShapeReader(JSONReader(Array(text.utf8)))
        let input = try UpdateItemInput(from: reader)
        try reader.wire.finish()
        return try #require(input.expressionAttributeValues)
    }

    private static func listed(_ count: Int, _ element: (Int) -> String) -> String {
        (0..<count).map(element).joined(separator: ",")
    }

    @Test(arguments: [
        #"{"x":{"NS":[\#(listed(300_000) { #""\#($0)""# })]},"y":{"S":"dropped"}}"#,
        #"{"x":{"L":[\#(listed(300_000) { _ in #"{"N":"1E125"}"# })]},"y":{"S":"dropped"}}"#,
        #"{"x":{"L":[\#(listed(300_000) { _ in #"{"NULL":true}"# })]},"y":{"S":"dropped"}}"#,
        #"{"x":{"L":[\#(listed(200_000) { _ in #"{"L":[]}"# })]},"y":{"S":"dropped"}}"#,
        #"{"x":{"M":{\#(listed(100_000) { #""n\#($0)":{"BOOL":true}"# })}},"y":{"S":"dropped"}}"#,
        #"{\#(listed(100_000) { #""n\#($0)":{"S":""}"# }),"y":{"S":"dropped"}}"#,
    ])
    func `no more is kept of an item than proves that it is too large`(_ item: String) throws {
        let kept = try self.put(item)
        #expect(kept.itemBytes > AttributeMap.itemBytesMax)
        // One value more than the largest item holds.
        #expect(kept.itemBytes < AttributeMap.itemBytesMax + 64)
        #expect(kept["y"] == nil)
    }

    @Test func `what is dropped must still be lawful JSON`() {
        let item = #"{"x":{"S":"\#(String(repeating: "a", count: 410_000))"},"y":{"L":[{"S":"a"}}}"#
        #expect(throws: ShapeError.self) { try self.put(item) }
    }

    @Test func `the largest item is whole, however much white space and base64 the request has`() throws {
        let bytes = String(repeating: "AAAA", count: (AttributeMap.itemBytesMax - 2) / 3)
        let space = String(repeating: " ", count: 100_000)
        let kept = try self.put(#"{"x":\#(space){"B":"\#(bytes)"\#(space)},"y":{"NULL":true}}"#)
        #expect(kept.count == 2)
        #expect(kept.failure == nil)
    }

    @Test func `a name that comes twice counts once, unless something was dropped meanwhile`() throws {
        let large = #"{"S":"\#(String(repeating: "a", count: 300_000))"}"#
        let twice = try self.put(#"{"m":{"M":{"x":\#(large),"x":\#(large)}},"y":{"S":"kept"}}"#)
        #expect(twice.count == 2)
        #expect(twice.failure == nil)
        #expect(twice.itemBytes < AttributeMap.itemBytesMax)
        let dropped = try self.put(#"{"x":\#(large),"x":\#(large),"y":{"S":"dropped"}}"#)
        #expect(dropped.failure?.message == "Item size has exceeded the maximum allowed size")
    }

    @Test func `values of an expression are bounded together`() throws {
        let value = #"{"S":"\#(String(repeating: "a", count: 300_000))"}"#
        let few = try self.values("{\(Self.listed(6) { #"":v\#($0)":\#(value)"# })}")
        #expect(few.count == 6)
        #expect(few.failure == nil)
        let many = try self.values("{\(Self.listed(8) { #"":v\#($0)":\#(value)"# })}")
        #expect(many.failure == .expressionValuesTooLarge)
    }

    /// The depth of an expression's values is the only failure that some operations overlook.
    @Test func `a value that is nested too deeply hides no other failure`() throws {
        let deep = String(repeating: #"{"L":["#, count: 40) + #"{"NULL":true}"# + String(repeating: "]}", count: 40)
        let whole = try self.values(#"{":d":\#(deep),":n":{"N":"1"}}"#)
        #expect(whole.failure?.message.hasPrefix("Nesting Levels have exceeded supported limits: ") == true)
        #expect(whole.atAnyDepth?.failure == nil)
        #expect(whole.atAnyDepth?.count == 2)
        for invalid in [#"{"N":"abc"}"#, #"{"SS":[]}"#, #"{"NS":["1","1"]}"#, #"{"NULL":false}"#, "{}"] {
            let failure = try self.values(#"{":n":\#(invalid)}"#).failure
            for both in [#"{":d":\#(deep),":n":\#(invalid)}"#, #"{":n":\#(invalid),":d":\#(deep)}"#] {
                let values = try self.values(both)
                #expect(values.failure == failure)
                #expect(values.atAnyDepth == nil)
            }
        }
        let value = #"{"S":"\#(String(repeating: "a", count: 300_000))"}"#
        let many = try self.values("{\":d\":\(deep),\(Self.listed(8) { #"":v\#($0)":\#(value)"# })}")
        #expect(many.failure == .expressionValuesTooLarge)
        #expect(many.atAnyDepth == nil)
    }

    @Test(arguments: [
        (#"{"NS":["1","2","1.0"]}"#, "Input collection contains duplicates"),
        (
            #"{"SS":["a","b","a"]}"#,
            "One or more parameter values were invalid: Input collection [a, b, a] contains duplicates."
        ),
        (
            #"{"BS":["AA==","AA=="]}"#,
            "One or more parameter values were invalid: Input collection [AA==, AA==]of type BS contains duplicates."
        ),
    ])
    func `a set's repeated element is told`(_ value: String, _ message: String) throws {
        #expect(try self.put(#"{"x":\#(value)}"#).failure?.message == message)
    }

    @Test(arguments: ["SS", "BS"])
    func `the message of a large set with a repeated element is cut`(_ type: String) throws {
        let elements = Self.listed(20_000) { #""AA\#(String(UnicodeScalar(UInt8(65 + $0 % 26))))A""# }
        let message = try #require(try self.put(#"{"x":{"\#(type)":[\#(elements)]}}"#).failure?.message)
        #expect(message.hasPrefix("One or more parameter values were invalid: Input collection [AAAA, AABA, "))
        #expect(message.utf8.count < EchoedList.utf8CountMax + 200)
    }

    @Test func `a list is cut at its bound, behind a whole code point`() {
        let bound = EchoedList.utf8CountMax
        #expect(EchoedList.text(["a", "b"]) == "a, b")
        #expect(EchoedList.text([String(repeating: "a", count: bound)]).utf8.count == bound)
        #expect(EchoedList.text([String(repeating: "é", count: bound)]).utf8.count == bound)
        #expect(EchoedList.text(["a" + String(repeating: "é", count: bound)]).utf8.count == bound - 1)
        #expect(EchoedList.text((0..<100_000).lazy.map { "name\($0)" }).utf8.count == bound)
    }
}
