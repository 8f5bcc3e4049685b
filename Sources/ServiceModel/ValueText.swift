/// Values as AWS's older services print them in validation errors.
///
/// Strings and numbers as they are, `[a, b]`, `{key=value}`, `KeySchemaElement(attributeName=id, keyType=HASH)`. Uses
/// reflection, which is slow, but only refused requests need it.
/// - Source: AWS's answers in public issues; `toString` of Java's collections and `java.nio.HeapByteBuffer`.
package struct ValueText {
    /// A longer text is truncated: a body of megabytes must not come back in an error or fill the log.
    package static let charactersMax = 4096
    /// Further elements can never be shown: each is preceded by a comma and a space.
    static let partCountMax = charactersMax / 2 + 1
    private static let redacted = "*** Sensitive Data Redacted ***"

    private var output = ""

    /// The text of a value that a shape has read.
    package static func text(_ value: some Any) -> String {
        var text = ValueText()
        text.append(value)
        return self.cut(text.output)
    }

    /// A text of the client's, truncated. By code points, because a single grapheme can be as long as the whole text.
    package static func cut(_ text: String) -> String {
        guard text.utf8.count > self.charactersMax else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(self.charactersMax)))
    }

    /// A buffer's length; its bytes are never shown.
    static func buffer(count: Int) -> String {
        "java.nio.HeapByteBuffer[pos=0 lim=\(count) cap=\(count)]"
    }

    private var isFull: Bool { self.output.utf8.count >= Self.charactersMax }

    private mutating func append(_ value: Any) {
        guard !self.isFull else { return }
        switch value {
        case let text as String: self.output += Self.cut(text)
        // Compares the types, because an empty array of another type could be cast too.
        case let bytes as [UInt8] where type(of: value) == [UInt8].self: self.output += Self.buffer(count: bytes.count)
        case let enumeration as any RawRepresentable<String>: self.output += Self.cut(enumeration.rawValue)
        case let shape as any ModelShape: self.append(shape)
        case let bound as any BoundShape: self.output += Self.cut(bound.violationText)
        case let box as any IndirectValue: self.append(box.anyValue)
        default: self.appendReflected(value)
        }
    }

    private mutating func appendReflected(_ value: Any) {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            if let wrapped = mirror.children.first { self.append(wrapped.value) } else { self.output += "null" }
        case .collection:
            self.append(mirror.children, "[", "]") { text, element in text.append(element.value) }
        case .dictionary:
            let entries = mirror.children.map { Array(Mirror(reflecting: $0.value).children.map(\.value)) }
            let sorted = entries.sorted { "\($0[0])" < "\($1[0])" }
            self.append(sorted, "{", "}") { text, entry in
                text.append(entry[0])
                text.output += "="
                text.append(entry[1])
            }
        default: self.output += "\(value)"
        }
    }

    /// A structure or union: its members by the model's names.
    private mutating func append(_ shape: any ModelShape) {
        let schema = type(of: shape).schema
        let mirror = Mirror(reflecting: shape)
        let members: [(schema: MemberSchema?, child: Mirror.Child)] =
            if mirror.displayStyle == .struct {
                zip(schema.members, mirror.children).map { ($0, $1) }
            } else {
                // A union shows which member is set by its label only.
                mirror.children.map { (nil, $0) }
            }
        self.append(members, schema.name + "(", ")") { text, member in
            let name = member.schema?.name ?? member.child.label ?? ""
            text.output += name.prefix(1).lowercased() + name.dropFirst() + "="
            if member.schema?.isSensitive ?? false {
                text.output += Self.redacted
            } else {
                text.append(member.child.value)
            }
        }
    }

    private mutating func append<Items: Sequence>(
        _ items: Items, _ opening: String, _ closing: String, _ body: (inout ValueText, Items.Element) -> Void
    ) {
        self.output += opening
        for (index, item) in items.enumerated() {
            guard !self.isFull else { break }
            if index > 0 { self.output += ", " }
            body(&self, item)
        }
        self.output += closing
    }
}

/// An `Indirect` of whatever type.
private protocol IndirectValue {
    var anyValue: Any { get }
}

extension Indirect: IndirectValue {
    fileprivate var anyValue: Any { self.value }
}
