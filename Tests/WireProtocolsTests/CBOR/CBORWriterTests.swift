import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct CBORWriterTests {
    @Test(arguments: [0, 1, 23, 24, 255, 256, 300])
    func `a structure of any number of members has a definite head`(_ count: Int) throws {
        let text = ShapeSchema(name: "Integer", type: .integer)
        let schema = ShapeSchema(name: "Wide", type: .structure)
        schema.define(members: (0..<count).map { MemberSchema(name: "m\($0)", target: text) })
        let members = Dictionary(uniqueKeysWithValues: (0..<count).map { ("m\($0)", DynamicValue.integer(Int64($0))) })
        let writer = CBORWriter()
        DynamicValue.writeStructure(.structure(members), schema, to: writer)
        let bytes = writer.takeBytes()
        var scanner = CBORScanner(bytes)
        #expect(try scanner.head().argument == UInt64(count))
        let reader = ShapeReader(CBORReader(bytes))
        #expect(try DynamicValue.readStructure(reader, schema) == .structure(members))
    }

    @Test(arguments: [
        ("0", "00"), ("-0", "00"), ("-1", "20"), ("18446744073709551615", "1bffffffffffffffff"),
        ("-18446744073709551616", "3bffffffffffffffff"), ("18446744073709551616", "c249010000000000000000"),
        ("-18446744073709551617", "c349010000000000000000"), ("273.15", "c48221196ab3"), ("1e3", "1903e8"),
        ("-0.5", "c4822024"), ("1E-100", "c4823863 01"),
    ])
    func `decimal texts are written exactly`(_ text: String, _ hex: String) {
        let writer = CBORWriter()
        writer.bigNumber(text, MemberSchema(name: "n", target: ShapeSchema(name: "N", type: .bigDecimal)))
        #expect(Hex.encode(writer.takeBytes()) == hex.filter { $0 != " " })
    }
}
