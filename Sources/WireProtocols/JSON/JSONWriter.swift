package import Primitives
package import ServiceModel

/// Writes a shape as JSON into a byte array.
@safe package final class JSONWriter: BodyWriter {
    // Unchecked: a writer is used by one task, and no method calls back while the output is changed.
    @exclusivity(unchecked) private var output: JSONOutput
    /// awsJson uses the model's names even for members with a `jsonName`.
    private let ignoresJSONNames: Bool

    package init(reserving capacity: Int = 1536, ignoringJSONNames: Bool = false) {
        self.ignoresJSONNames = ignoringJSONNames
        unsafe self.output = JSONOutput(reserving: capacity)
    }

    package func takeBytes() -> [UInt8] {
        precondition(unsafe self.output.depth == 0, "a JSON document was taken before its end")
        return unsafe self.output.bytes
    }

    package func beginStructure(_ schema: ShapeSchema) { unsafe self.output.open(UInt8(ascii: "{")) }

    package func member(_ member: MemberSchema) {
        if self.ignoresJSONNames && member.traits.jsonName != nil {
            unsafe self.output.name(member.name)
        } else {
            let name = member.jsonNameUTF8
            unsafe self.output.name(name.span)
        }
    }

    package func endStructure() { unsafe self.output.close(UInt8(ascii: "}")) }

    package func beginList(_ member: MemberSchema, count: Int) { unsafe self.output.open(UInt8(ascii: "[")) }

    package func element(_ member: MemberSchema) {}

    package func endList(_ member: MemberSchema) { unsafe self.output.close(UInt8(ascii: "]")) }

    package func beginMap(_ member: MemberSchema, count: Int) { unsafe self.output.open(UInt8(ascii: "{")) }

    package func key(_ key: String, _ member: MemberSchema) { unsafe self.output.name(key) }

    package func key(_ key: Span<UInt8>, _ member: MemberSchema) { unsafe self.output.name(key) }

    package func endMap(_ member: MemberSchema) { unsafe self.output.close(UInt8(ascii: "}")) }

    package func null() { unsafe self.output.word("null") }

    package func string(_ value: String, _ member: MemberSchema) { unsafe self.output.string(value) }

    package func string(_ value: Span<UInt8>, _ member: MemberSchema) { unsafe self.output.string(value) }

    package func json(_ append: (inout [UInt8]) -> Void) -> Bool {
        unsafe self.output.raw(isQuoted: false, append)
        return true
    }

    package func boolean(_ value: Bool, _ member: MemberSchema) { unsafe self.output.word(value ? "true" : "false") }

    package func integer(_ value: Int64, _ member: MemberSchema) { unsafe self.output.integer(value) }

    package func double(_ value: Double, _ member: MemberSchema) {
        let text = NumberText.string(value, isFloat: member.target.type == .float)
        if value.isFinite {
            unsafe self.output.word(text)
        } else {
            unsafe self.output.string(text)
        }
    }

    package func bigNumber(_ value: String, _ member: MemberSchema) { unsafe self.output.word(value) }

    package func timestamp(_ value: Timestamp, _ member: MemberSchema) {
        let format = member.timestampFormat ?? .epochSeconds
        unsafe self.output.raw(isQuoted: format != .epochSeconds) { TimestampText.append(value, as: format, to: &$0) }
    }

    package func blob(_ value: Span<UInt8>, _ member: MemberSchema) {
        unsafe value.withUnsafeBufferPointer { buffer in
            unsafe self.output.raw(isQuoted: true) { unsafe Base64.append(buffer, to: &$0) }
        }
    }

    package func document(_ value: Document, _ member: MemberSchema) {
        switch value {
        case .null: self.null()
        case .boolean(let value): self.boolean(value, member)
        case .number(let text): unsafe self.output.word(text)
        case .string(let text): unsafe self.output.string(text)
        case .array(let elements):
            unsafe self.output.open(UInt8(ascii: "["))
            for element in elements { self.document(element, member) }
            unsafe self.output.close(UInt8(ascii: "]"))
        case .object(let members):
            unsafe self.output.open(UInt8(ascii: "{"))
            for entry in members {
                unsafe self.output.name(entry.name)
                self.document(entry.value, member)
            }
            unsafe self.output.close(UInt8(ascii: "}"))
        }
    }

    package func reserve(_ bytes: Int) { unsafe self.output.reserve(bytes) }

    /// Writes a member that the protocol adds, such as `__type`.
    func addedMember(_ name: String, _ value: String) {
        unsafe self.output.name(name)
        unsafe self.output.string(value)
    }
}
