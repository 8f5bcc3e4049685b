package import Primitives
package import ServiceModel

/// Reads one member from text outside the body: a header, a label, query parameters.
package final class BoundTextReader: WireReader {
    /// The member's text: one value, the elements of a list, or the entries of a map.
    package enum Content: Sendable {
        case value(String)
        case list([String])
        /// Each key with all values of that name.
        case map([(key: String, values: [String])])
    }

    private var content: Content
    /// The default for members whose timestamp format the model does not specify.
    private let timestampFormat: TimestampFormat
    /// In headers, strings with a media type are base64.
    private let decodesMediaTypes: Bool
    /// The index of the current element or entry.
    private var position = -1
    /// The index of the current value of the entry, for maps whose values are lists.
    private var valuePosition = -1

    package init(_ content: Content, timestampFormat: TimestampFormat, decodesMediaTypes: Bool = false) {
        self.content = content
        self.timestampFormat = timestampFormat
        self.decodesMediaTypes = decodesMediaTypes
    }

    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        throw .typeMismatch(found: .string, expected: schema.type, member: schema.name)
    }

    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? { nil }

    package func beginList(_ member: MemberSchema) throws(ShapeError) {
        switch self.content {
        case .value: throw .typeMismatch(found: .string, expected: .list, member: member.name)
        case .list: self.position = -1
        case .map: self.valuePosition = -1
        }
    }

    package func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        switch self.content {
        case .value: return .end
        case .list(let elements):
            self.position += 1
            return self.position < elements.count ? .value : .end
        case .map(let entries):
            self.valuePosition += 1
            if self.valuePosition < entries[self.position].values.count { return .value }
            self.valuePosition = -1
            return .end
        }
    }

    package func beginMap(_ member: MemberSchema) throws(ShapeError) {
        guard case .map = self.content else {
            throw .typeMismatch(found: .string, expected: .map, member: member.name)
        }
        self.position = -1
    }

    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        guard case .map(let entries) = self.content else { return nil }
        self.position += 1
        self.valuePosition = -1
        return self.position < entries.count ? entries[self.position].key : nil
    }

    package func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        guard let key = try self.nextKey(member) else { return false }
        output.append(contentsOf: key.utf8)
        return true
    }

    package func readNull() throws(ShapeError) -> Bool { false }

    package func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        let text = self.text
        guard self.decodesMediaTypes, member.target.traits.mediaType ?? member.traits.mediaType != nil else {
            return text
        }
        guard let bytes = Base64.decode(Array(text.utf8)), let decoded = String(validating: bytes, as: UTF8.self)
        else { throw .invalidValue(text, expected: .string, member: member.name) }
        return decoded
    }

    package func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        output.append(contentsOf: try self.readString(member).utf8)
    }

    package func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        switch self.text {
        case "true": return true
        case "false": return false
        default: throw self.value(member).fault
        }
    }

    package func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        try self.value(member).integer()
    }

    package func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        try self.value(member).double()
    }

    package func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        try self.value(member).bigNumber()
    }

    package func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        try self.value(member).timestamp(self.timestampFormat)
    }

    package func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        guard let blob = Base64.decode(Array(self.text.utf8)) else { throw self.value(member).fault }
        return blob
    }

    package func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        .string(self.text)
    }

    package func finish() throws(ShapeError) {}

    /// The text of the current value.
    private var text: String {
        switch self.content {
        case .value(let text): text
        case .list(let elements): elements[self.position]
        case .map(let entries): entries[self.position].values[max(0, self.valuePosition)]
        }
    }

    private func value(_ member: MemberSchema) -> TextValue<[UInt8]> {
        TextValue(Array(self.text.utf8), member)
    }
}
