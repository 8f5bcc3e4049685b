import Primitives
import ServiceModel
import WireProtocols

extension DynamicValue {
    /// The value that a case's `params` stand for; members that are missing get the model's defaults.
    static func parse(_ json: CaseJSON, _ schema: ShapeSchema, blobsAreBase64: Bool = false) -> DynamicValue {
        if case .null = json { return .null }
        switch schema.type {
        case .structure, .union:
            var members: [String: DynamicValue] = [:]
            for member in schema.members {
                if let value = json[member.name] {
                    members[member.name] = Self.parse(value, member.target, blobsAreBase64: blobsAreBase64)
                } else if schema.type == .structure, let value = Self.defaultValue(member) {
                    members[member.name] = value
                }
            }
            return .structure(members.filter { $0.value != .null })
        case .list:
            return .list(json.array.map { Self.parse($0, schema.element.target, blobsAreBase64: blobsAreBase64) })
        case .map:
            return .map(json.object.mapValues { Self.parse($0, schema.value.target, blobsAreBase64: blobsAreBase64) })
        case .string, .enumeration: return .string(json.string ?? json.text)
        case .blob:
            let text = json.string ?? ""
            return .blob(blobsAreBase64 ? Base64.decode(Array(text.utf8)) ?? [] : Array(text.utf8))
        case .boolean: return .boolean(json == .bool(true))
        case .byte, .short, .integer, .long, .intEnumeration: return .integer(Int64(json.number ?? .nan))
        case .bigInteger, .bigDecimal: return .bigNumber(json.text)
        case .float: return .double(Double(Float(Self.double(json))))
        case .double: return .double(Self.double(json))
        case .timestamp:
            if let text = json.string {
                return TimestampText.parse(Array(text.utf8), as: .dateTime).map { .timestamp($0) } ?? .null
            }
            let milliseconds = ((json.number ?? 0) * 1000).rounded()
            return .timestamp(Timestamp(millisecondsSinceEpoch: Int64(milliseconds)))
        case .document: return .document(Self.document(json))
        }
    }

    /// The default of a member that is missing; nil when it has none.
    static func defaultValue(_ member: MemberSchema) -> DynamicValue? {
        guard let text = member.traits.defaultJSON, let json = try? CaseJSON.parse(Array(text.utf8)) else {
            return nil
        }
        return Self.parse(json, member.target, blobsAreBase64: true)
    }

    private static func double(_ json: CaseJSON) -> Double {
        switch json.string {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: json.number ?? .nan
        }
    }

    private static func document(_ json: CaseJSON) -> Document {
        switch json {
        case .null: .null
        case .bool(let value): .boolean(value)
        case .integer(let value): .number(String(value))
        case .double(let value): .number(value.description)
        case .string(let value): .string(value)
        case .array(let elements): .array(elements.map(self.document))
        case .object(let members):
            .object(members.sorted { $0.key < $1.key }.map { Document.Member($0.key, self.document($0.value)) })
        }
    }
}
