import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct JSONWriterTests {
    private static func write(_ value: DynamicValue, _ schema: ShapeSchema = JSONTestSchemas.everything) -> String {
        let writer = JSONWriter()
        DynamicValue.writeStructure(value, schema, to: writer)
        return String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    @Test(
        arguments: [
            (["string": .string("plain")], #"{"string":"plain"}"#),
            (["string": .string("é😹 \u{7f}/")], "{\"string\":\"é😹 \u{7f}/\"}"),
            (
                ["string": .string("a\"b\\c\u{8}\u{c}\n\r\t\u{0}\u{1f}end of a longer text")],
                #"{"string":"a\"b\\c\b\f\n\r\t\u0000\u001fend of a longer text"}"#
            ),
            (["integer": .integer(-7), "long": .integer(.min)], #"{"integer":-7,"long":-9223372036854775808}"#),
            (["double": .double(0.1), "float": .double(Double(Float(1.1)))], #"{"double":0.1,"float":1.1}"#),
            (["double": .double(1e300)], #"{"double":1e+300}"#),
            (["double": .double(.nan), "float": .double(-.infinity)], #"{"double":"NaN","float":"-Infinity"}"#),
            (["boolean": .boolean(true), "blob": .blob([0, 1, 255])], #"{"boolean":true,"blob":"AAH/"}"#),
            (
                ["timestamp": .timestamp(Timestamp(millisecondsSinceEpoch: 1_363_729_002_358))],
                #"{"timestamp":1363729002.358}"#
            ),
            (["timestamp": .timestamp(Timestamp(millisecondsSinceEpoch: -1_500))], #"{"timestamp":-1.5}"#),
            (["timestamp": .timestamp(Timestamp(secondsSinceEpoch: 10))], #"{"timestamp":10}"#),
            (["list": .list([]), "map": .map([:])], #"{"list":[],"map":{}}"#),
            (["sparseList": .list([.null, .string("a")])], #"{"sparseList":[null,"a"]}"#),
            (["map": .map(["a\"": .integer(1), "b": .integer(2)])], #"{"map":{"a\"":1,"b":2}}"#),
            (["union": .structure(["second": .integer(1)])], #"{"union":{"second":1}}"#),
            (
                [
                    "document": .document(
                        .object([.init("a", .array([.null, .boolean(false), .number("1e9"), .string("x")]))]))
                ],
                #"{"document":{"a":[null,false,1e9,"x"]}}"#
            ),
            ([:], "{}"),
        ] as [([String: DynamicValue], String)])
    func `values are written`(_ members: [String: DynamicValue], _ expected: String) {
        #expect(Self.write(.structure(members)) == expected)
    }

    @Test func `every short text reads back as it was written`() throws {
        let schema = JSONTestSchemas.structure("Short", ["s": JSONTestSchemas.string])
        // All lengths around the eight bytes that the search takes at a time, with each kind of byte at each place.
        for length in 0...18 {
            for place in 0..<max(1, length) {
                for special in ["\"", "\\", "\n", "é", "x"] where length > 0 {
                    var text = String(repeating: "a", count: place) + special
                    text += String(repeating: "b", count: length - place - 1)
                    let value = DynamicValue.structure(["s": .string(text)])
                    #expect(try JSONReaderTests.read(Self.write(value, schema), schema) == value)
                }
            }
        }
    }
}
