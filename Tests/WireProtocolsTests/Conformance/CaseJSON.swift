import Foundation

/// A JSON value of a case file, read by Foundation's parser so that ours does not judge itself.
enum CaseJSON: Hashable, Sendable, Decodable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([CaseJSON])
    case object([String: CaseJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([CaseJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: CaseJSON].self))
        }
    }

    static func parse(_ bytes: [UInt8]) throws -> CaseJSON {
        try JSONDecoder().decode(CaseJSON.self, from: Data(bytes))
    }

    subscript(_ name: String) -> CaseJSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    var int: Int? {
        guard case .integer(let value) = self else { return nil }
        return Int(value)
    }

    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    var array: [CaseJSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var object: [String: CaseJSON] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    /// Header and similar maps of strings.
    var strings: [String: String] { self.object.compactMapValues(\.string) }

    /// Equal as JSON, 1 and 1.0 being the same number.
    func isSame(as other: CaseJSON) -> Bool {
        switch (self, other) {
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { name, value in right[name].map { value.isSame(as: $0) } ?? false }
        default:
            if let left = self.number, let right = other.number { return left == right }
            return self == other
        }
    }

    /// The value as JSON text; for the defaults of members.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .double(let value): value.description
        case .string(let value):
            String(decoding: (try? JSONEncoder().encode(value)) ?? Data(), as: UTF8.self)
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { CaseJSON.string($0.key).text + ":" + $0.value.text }.joined(separator: ",") + "}"
        }
    }
}
