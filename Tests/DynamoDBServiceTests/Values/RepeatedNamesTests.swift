import DynamoDBModel
import DynamoDBValues
import ServiceModel
import Testing
import WireProtocols

/// Names that occur twice in a request's map.
struct RepeatedNamesTests {
    private static func item(_ json: String) throws(ShapeError) -> AttributeMap {
        let text = #"{"TableName":"T","Item":\#(json)}"#
        return try PutItemInput(from: ShapeReader(JSONReader(Array(text.utf8)))).item
    }

    private static func object(_ entries: [(String, Int)]) -> String {
        "{" + entries.map { #""\#($0.0)":{"N":"\#($0.1)"}"# }.joined(separator: ",") + "}"
    }

    @Test(arguments: [1, 2, 22, 23, 24, 25, 26, 62, 63, 64, 65, 66, 200])
    func `the last value of a name counts, however many names there are`(count: Int) throws {
        let unique = (0..<count).map { ("n\($0)", $0) }
        let once = try Self.item(Self.object(unique))
        #expect(once.count == count)
        for repeated in Set([0, count / 2, count - 1]) {
            let twice = unique + [("n\(repeated)", 1_000)]
            let item = try Self.item(Self.object(twice))
            #expect(item.count == count)
            #expect(item["n\(repeated)"]?.tree == .n(DynamoDBNumber(1_000)))
            let nested = try Self.item(#"{"m":{"M":\#(Self.object(twice))},"pk":{"S":"x"}}"#)
            guard case .m(let map) = nested["m"]?.tree else {
                Issue.record("the map is none")
                return
            }
            #expect(map.entries.count == count)
        }
    }

    @Test(arguments: [1, 2, 23, 24, 25, 63, 64, 65, 200])
    func `an element that a set has twice is refused, however many there are`(count: Int) throws {
        let unique = (0..<count).map { "\"e\($0)\"" }
        #expect(try Self.item(#"{"s":{"SS":[\#(unique.joined(separator: ","))]}}"#).failure == nil)
        for repeated in Set([0, count / 2, count - 1]) {
            let twice = (unique + ["\"e\(repeated)\""]).joined(separator: ",")
            let failure = try Self.item(#"{"s":{"SS":[\#(twice)]}}"#).failure
            #expect(failure?.message.contains("contains duplicates") == true)
        }
    }
}
