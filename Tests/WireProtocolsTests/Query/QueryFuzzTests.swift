import Primitives
import ServiceModel
import TestSupport
import Testing
import WireProtocols

/// Forms under random values and random damage.
@Suite struct QueryFuzzTests {
    private static let schema = EverythingSchema.xml

    /// Writes a value as a client does.
    private static func fields(
        _ value: DynamicValue, _ member: MemberSchema, _ path: String, _ style: QueryStyle
    ) -> [(String, String)] {
        let shape = member.target
        func joined(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        let isFlat = member.traits.isXMLFlattened || style == .ec2
        switch value {
        case .null: return []
        case .boolean(let flag): return [(path, "\(flag)")]
        case .integer(let number): return [(path, "\(number)")]
        case .double(let number): return [(path, NumberText.string(number, isFloat: shape.type == .float))]
        case .bigNumber(let text), .string(let text): return [(path, text)]
        case .blob(let bytes): return [(path, Base64.encode(bytes))]
        case .timestamp(let time): return [(path, TimestampText.string(time, as: member.timestampFormat ?? .dateTime))]
        case .document: return []
        case .list(let elements):
            if elements.isEmpty { return [(path, "")] }
            let base = isFlat ? path : joined("member")
            return elements.enumerated().flatMap { index, element in
                self.fields(element, shape.element, "\(base).\(index + 1)", style)
            }
        case .map(let entries):
            if entries.isEmpty { return [(path, "")] }
            let base = isFlat ? path : joined("entry")
            return entries.sorted { $0.key < $1.key }.enumerated().flatMap { index, entry in
                [("\(base).\(index + 1).key", entry.key)]
                    + self.fields(entry.value, shape.value, "\(base).\(index + 1).value", style)
            }
        case .structure(let members):
            let found = shape.members.filter { members[$0.name] != nil }
            if found.isEmpty, !path.isEmpty { return [(path, "")] }
            return found.flatMap { child in
                let name = child.traits.xmlName ?? child.name
                let spelt = style == .ec2 ? name.prefix(1).uppercased() + name.dropFirst() : name
                return self.fields(members[child.name] ?? .null, child, joined(spelt), style)
            }
        }
    }

    private static func form(_ value: DynamicValue, _ style: QueryStyle) -> [UInt8] {
        let root = EverythingSchema.through(self.schema)
        let fields = self.fields(value, root, "", style)
        return Array(
            fields.map { "\(PercentEncoding.encode($0))=\(PercentEncoding.encode($1))" }.joined(separator: "&").utf8)
    }

    private static func read(_ form: [UInt8], _ style: QueryStyle) throws(ShapeError) -> DynamicValue {
        let reader = ShapeReader(try QueryReader(query: "", form: form, style: style))
        let value = try DynamicValue.readStructure(reader, self.schema)
        try reader.wire.finish()
        return value
    }

    @Test(arguments: [QueryStyle.aws, .ec2])
    func `what a client writes is read back`(_ style: QueryStyle) throws {
        let seed = SeededRandomSource.testSeed(111)
        let source = SeededRandomSource(seed: seed)
        for round in 0..<300 {
            let value = DynamicValue.random(Self.schema, source)
            let form = Self.form(value, style)
            #expect(try Self.read(form, style) == value, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: [QueryStyle.aws, .ec2])
    func `damage and cuts are refused or read to a stable value`(_ style: QueryStyle) {
        let seed = SeededRandomSource.testSeed(112)
        let source = SeededRandomSource(seed: seed)
        let mutator = ByteMutator(source: source, alphabet: Array("&=.%+1290abcNtf-".utf8))
        for round in 0..<60 {
            let form = Self.form(DynamicValue.random(Self.schema, source), style)
            var inputs = (0..<20).map { _ in mutator.mutated(form) }
            inputs += (0..<min(form.count, 200)).map { Array(form.prefix($0)) }
            inputs.append(source.bytes(100))
            for input in inputs {
                guard let value = try? Self.read(input, style) else { continue }
                let again = try? Self.read(Self.form(value, style), style)
                #expect(again == value, "seed \(seed), round \(round): \(String(decoding: input, as: UTF8.self))")
            }
        }
    }
}
