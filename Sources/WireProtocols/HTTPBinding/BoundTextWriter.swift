internal import Primitives
internal import ServiceModel

/// Converts a member that is bound outside the body to text: one value, a list's elements or a map's entries.
final class BoundTextWriter: ShapeWriter {
    private(set) var values: [String] = []
    private(set) var keys: [String] = []
    /// Whether elements can contain commas, so that a joined list needs quotes.
    private(set) var isQuoting = false
    /// Whether the values are the elements of a list.
    var isList = false
    private let timestampFormat: TimestampFormat
    private let encodesMediaTypes: Bool

    init(timestampFormat: TimestampFormat, encodesMediaTypes: Bool) {
        self.timestampFormat = timestampFormat
        self.encodesMediaTypes = encodesMediaTypes
    }

    func string(_ value: String, _ member: MemberSchema) {
        self.isQuoting = true
        let isEncoded = self.encodesMediaTypes && (member.target.traits.mediaType ?? member.traits.mediaType) != nil
        self.values.append(isEncoded ? Base64.encode(value.utf8) : value)
    }

    func string(_ value: Span<UInt8>, _ member: MemberSchema) {
        self.string(unsafe value.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }, member)
    }

    func boolean(_ value: Bool, _ member: MemberSchema) { self.values.append(value ? "true" : "false") }

    func integer(_ value: Int64, _ member: MemberSchema) { self.values.append(String(value)) }

    func double(_ value: Double, _ member: MemberSchema) {
        self.values.append(NumberText.string(value, isFloat: member.target.type == .float))
    }

    func bigNumber(_ value: String, _ member: MemberSchema) { self.values.append(value) }

    func timestamp(_ value: Timestamp, _ member: MemberSchema) {
        self.values.append(TimestampText.string(value, as: member.timestampFormat ?? self.timestampFormat))
    }

    func blob(_ value: Span<UInt8>, _ member: MemberSchema) {
        self.values.append(unsafe value.withUnsafeBufferPointer { unsafe Base64.encode($0) })
    }

    func key(_ key: String, _ member: MemberSchema) { self.keys.append(key) }

    func key(_ key: Span<UInt8>, _ member: MemberSchema) {
        self.keys.append(unsafe key.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) })
    }

    // Structures, documents and nulls have no text form; models do not bind them outside the body.
    func beginStructure(_ schema: ShapeSchema) {}
    func member(_ member: MemberSchema) {}
    func endStructure() {}
    func beginList(_ member: MemberSchema, count: Int) {}
    func element(_ member: MemberSchema) {}
    func endList(_ member: MemberSchema) {}
    func beginMap(_ member: MemberSchema, count: Int) {}
    func endMap(_ member: MemberSchema) {}
    func null() {}
    func document(_ value: Document, _ member: MemberSchema) {}
}

/// Receives a blob or a string that is the body itself.
final class RawPayloadWriter: ShapeWriter {
    private(set) var bytes: [UInt8] = []

    func string(_ value: String, _ member: MemberSchema) { self.bytes = Array(value.utf8) }

    func string(_ value: Span<UInt8>, _ member: MemberSchema) { self.blob(value, member) }

    func blob(_ value: Span<UInt8>, _ member: MemberSchema) {
        self.bytes = unsafe value.withUnsafeBufferPointer { unsafe Array($0) }
    }

    // Values of other types are written in the body's format.
    func beginStructure(_ schema: ShapeSchema) {}
    func member(_ member: MemberSchema) {}
    func endStructure() {}
    func beginList(_ member: MemberSchema, count: Int) {}
    func element(_ member: MemberSchema) {}
    func endList(_ member: MemberSchema) {}
    func beginMap(_ member: MemberSchema, count: Int) {}
    func key(_ key: String, _ member: MemberSchema) {}
    func key(_ key: Span<UInt8>, _ member: MemberSchema) {}
    func endMap(_ member: MemberSchema) {}
    func null() {}
    func boolean(_ value: Bool, _ member: MemberSchema) {}
    func integer(_ value: Int64, _ member: MemberSchema) {}
    func double(_ value: Double, _ member: MemberSchema) {}
    func bigNumber(_ value: String, _ member: MemberSchema) {}
    func timestamp(_ value: Timestamp, _ member: MemberSchema) {}
    func document(_ value: Document, _ member: MemberSchema) {}
}
