import Primitives
import ServiceModel

/// A value of any shape, read and written by its schema alone.
indirect enum DynamicValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    case bigNumber(String)
    case string(String)
    case blob([UInt8])
    case timestamp(Timestamp)
    case document(Document)
    case list([DynamicValue])
    case map([String: DynamicValue])
    /// Structures and unions by the model's member names.
    case structure([String: DynamicValue])
}

extension DynamicValue: Equatable {
    /// Equal as the cases mean it: NaN is NaN.
    static func == (left: DynamicValue, right: DynamicValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.double(let left), .double(let right)): left == right || (left.isNaN && right.isNaN)
        case (.bigNumber(let left), .bigNumber(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.blob(let left), .blob(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.document(let left), .document(let right)): left.isSame(as: right)
        case (.list(let left), .list(let right)): left == right
        case (.map(let left), .map(let right)): left == right
        case (.structure(let left), .structure(let right)): left == right
        default: false
        }
    }
}

extension Document {
    /// Equal without regard to the order of members or the spelling of numbers.
    func isSame(as other: Document) -> Bool {
        switch (self, other) {
        case (.number(let left), .number(let right)): Double(left) == Double(right)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { entry in
                    right.contains { $0.name == entry.name && $0.value.isSame(as: entry.value) }
                }
        default: self == other
        }
    }
}

/// A structure with a schema of its own, as outputs and errors are written.
struct DynamicShape: WritableShape {
    /// Not looked at: codecs take the schema that is given to `beginStructure`.
    static let schema = ShapeSchema(name: "Dynamic", type: .structure)

    let own: ShapeSchema
    let value: DynamicValue

    func write(to writer: any ShapeWriter) {
        DynamicValue.writeStructure(self.value, self.own, to: writer)
    }
}

extension DynamicValue {
    static func writeStructure(_ value: DynamicValue, _ schema: ShapeSchema, to writer: any ShapeWriter) {
        guard case .structure(let members) = value else { return }
        writer.beginStructure(schema)
        for member in schema.members {
            guard let value = members[member.name], value != .null else { continue }
            writer.member(member)
            value.write(member, to: writer)
        }
        writer.endStructure()
    }

    func write(_ member: MemberSchema, to writer: any ShapeWriter) {
        switch self {
        case .null: writer.null()
        case .boolean(let value): writer.boolean(value, member)
        case .integer(let value): writer.integer(value, member)
        case .double(let value): writer.double(value, member)
        case .bigNumber(let value): writer.bigNumber(value, member)
        case .string(let value): writer.string(value, member)
        case .blob(let value): writer.blob(value.span, member)
        case .timestamp(let value): writer.timestamp(value, member)
        case .document(let value): writer.document(value, member)
        case .list(let elements):
            let element = member.target.element
            writer.beginList(member, count: elements.count)
            for value in elements {
                writer.element(element)
                value.write(element, to: writer)
            }
            writer.endList(member)
        case .map(let entries):
            let map = member.target
            writer.beginMap(member, count: entries.count)
            for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
                writer.key(key, map.key)
                value.write(map.value, to: writer)
            }
            writer.endMap(member)
        case .structure: Self.writeStructure(self, member.target, to: writer)
        }
    }
}
