package import Primitives
package import ServiceModel

/// Writes a shape as JSON into one array of bytes.
package final class JSONWriter: BodyWriter {
    private var output: [UInt8] = []
    /// Whether a value stands before the next one in the same container.
    private var needsComma = false
    /// Open arrays and objects.
    private var depth = 0

    /// awsJson writes the model's names even where `jsonName` gives others.
    private let ignoresJSONNames: Bool

    package init(reserving capacity: Int = 512, ignoringJSONNames: Bool = false) {
        self.ignoresJSONNames = ignoringJSONNames
        self.output.reserveCapacity(capacity)
    }

    package func takeBytes() -> [UInt8] {
        precondition(self.depth == 0, "a JSON document was taken before its end")
        return self.output
    }

    package func beginStructure(_ schema: ShapeSchema) { self.open(UInt8(ascii: "{")) }

    package func member(_ member: MemberSchema) {
        self.separate()
        if self.ignoresJSONNames, member.traits.jsonName != nil {
            self.appendQuoted(member.name)
        } else {
            let name = member.jsonNameUTF8
            self.appendQuoted(name.span)
        }
        self.output.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    package func endStructure() { self.close(UInt8(ascii: "}")) }

    package func beginList(_ member: MemberSchema, count: Int) { self.open(UInt8(ascii: "[")) }

    package func element(_ member: MemberSchema) {}

    package func endList(_ member: MemberSchema) { self.close(UInt8(ascii: "]")) }

    package func beginMap(_ member: MemberSchema, count: Int) { self.open(UInt8(ascii: "{")) }

    package func key(_ key: String, _ member: MemberSchema) {
        self.separate()
        self.appendQuoted(key)
        self.output.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    package func key(_ key: Span<UInt8>, _ member: MemberSchema) {
        self.separate()
        self.appendQuoted(key)
        self.output.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    package func endMap(_ member: MemberSchema) { self.close(UInt8(ascii: "}")) }

    package func null() { self.appendWord("null") }

    package func string(_ value: String, _ member: MemberSchema) { self.string(value) }

    package func string(_ value: Span<UInt8>, _ member: MemberSchema) {
        self.separate()
        self.appendQuoted(value)
    }

    package func boolean(_ value: Bool, _ member: MemberSchema) { self.appendWord(value ? "true" : "false") }

    package func integer(_ value: Int64, _ member: MemberSchema) {
        self.separate()
        NumberText.append(value, to: &self.output)
    }

    package func double(_ value: Double, _ member: MemberSchema) {
        let text = NumberText.string(value, isFloat: member.target.type == .float)
        if value.isFinite {
            self.appendWord(text)
        } else {
            self.string(text)
        }
    }

    package func bigNumber(_ value: String, _ member: MemberSchema) { self.appendWord(value) }

    package func timestamp(_ value: Timestamp, _ member: MemberSchema) {
        self.separate()
        let format = member.timestampFormat ?? .epochSeconds
        if format != .epochSeconds { self.output.append(UInt8(ascii: "\"")) }
        TimestampText.append(value, as: format, to: &self.output)
        if format != .epochSeconds { self.output.append(UInt8(ascii: "\"")) }
    }

    package func blob(_ value: Span<UInt8>, _ member: MemberSchema) {
        self.separate()
        self.output.append(UInt8(ascii: "\""))
        unsafe value.withUnsafeBufferPointer { buffer in
            unsafe Base64.append(buffer, to: &self.output)
        }
        self.output.append(UInt8(ascii: "\""))
    }

    package func document(_ value: Document, _ member: MemberSchema) {
        switch value {
        case .null: self.null()
        case .boolean(let value): self.appendWord(value ? "true" : "false")
        case .number(let text): self.appendWord(text)
        case .string(let text): self.string(text)
        case .array(let elements):
            self.open(UInt8(ascii: "["))
            for element in elements { self.document(element, member) }
            self.close(UInt8(ascii: "]"))
        case .object(let members):
            self.open(UInt8(ascii: "{"))
            for entry in members {
                self.key(entry.name, member)
                self.document(entry.value, member)
            }
            self.close(UInt8(ascii: "}"))
        }
    }

    /// A member that the protocol adds, such as `__type`.
    func addedMember(_ name: String, _ value: String) {
        self.separate()
        self.appendQuoted(name)
        self.output.append(UInt8(ascii: ":"))
        self.needsComma = false
        self.string(value)
    }

    private func string(_ value: String) {
        self.separate()
        self.appendQuoted(value)
    }

    private func open(_ bracket: UInt8) {
        self.separate()
        self.output.append(bracket)
        self.needsComma = false
        self.depth += 1
    }

    private func close(_ bracket: UInt8) {
        self.output.append(bracket)
        self.needsComma = true
        self.depth -= 1
    }

    private func separate() {
        if self.needsComma { self.output.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }

    private func appendWord(_ word: String) {
        self.separate()
        self.output.append(contentsOf: word.utf8)
    }

    private func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { buffer in
            self.appendQuoted(unsafe buffer.span)
        }
    }

    /// Appends a string literal; runs without anything to escape are copied whole.
    private func appendQuoted(_ text: Span<UInt8>) {
        self.output.append(UInt8(ascii: "\""))
        unsafe text.withUnsafeBufferPointer { buffer in
            var start = 0
            for index in buffer.indices {
                let byte = unsafe buffer[index]
                guard byte < 0x20 || byte == 0x22 || byte == 0x5C else { continue }
                unsafe self.output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start..<index]))
                self.appendEscape(byte)
                start = index + 1
            }
            unsafe self.output.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start...]))
        }
        self.output.append(UInt8(ascii: "\""))
    }

    private func appendEscape(_ byte: UInt8) {
        self.output.append(0x5C)
        switch byte {
        case 0x22, 0x5C: self.output.append(byte)
        case 0x08: self.output.append(UInt8(ascii: "b"))
        case 0x09: self.output.append(UInt8(ascii: "t"))
        case 0x0A: self.output.append(UInt8(ascii: "n"))
        case 0x0C: self.output.append(UInt8(ascii: "f"))
        case 0x0D: self.output.append(UInt8(ascii: "r"))
        default:
            self.output.append(contentsOf: "u00".utf8)
            Hex.append(CollectionOfOne(byte), to: &self.output)
        }
    }
}
