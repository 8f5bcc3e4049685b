package import Primitives
package import ServiceModel

/// Writes a shape as an XML document or as part of one.
///
/// Attributes may be written after other members: they are inserted into the start tag.
package final class XMLWriter: BodyWriter {
    /// The element around the root structure's members.
    package enum Root: Sendable {
        case element(name: String, namespace: XMLNamespace?)
        /// The members have no root element; in a namespace, each member declares it (S3's unwrapped outputs).
        case none(memberNamespace: XMLNamespace?)
    }

    private enum Kind {
        case structure, list, map
    }

    /// One open structure, list or map.
    private struct Frame {
        var kind: Kind
        /// The member whose value it is; nil for the root.
        var through: MemberSchema?
        /// The current member of a structure.
        var member: MemberSchema?
        /// Where attributes are inserted: before the `>` of the start tag; nil without a tag.
        var attributeOffset: Int?
        /// Whether the frame has an element of its own to close.
        var hasElement = true
    }

    private var output: [UInt8]
    private var suffix: [UInt8]
    private let root: Root
    private let isEmpty: Bool
    private var frames: [Frame] = []

    /// - Parameters:
    ///   - root: the root element.
    ///   - prefix: written before the root, such as the envelope of an error.
    ///   - suffix: written after the root.
    ///   - isEmpty: whether the output is empty, whatever is written.
    package init(root: Root, prefix: [UInt8] = [], suffix: [UInt8] = [], isEmpty: Bool = false) {
        self.root = root
        self.isEmpty = isEmpty
        self.output = prefix
        self.suffix = suffix
        self.frames.reserveCapacity(8)
    }

    package func takeBytes() -> [UInt8] {
        precondition(self.frames.isEmpty, "an XML document was taken before its end")
        if self.isEmpty { return [] }
        self.output.append(contentsOf: self.suffix)
        self.suffix = []
        return self.output
    }

    package func beginStructure(_ schema: ShapeSchema) {
        if self.frames.isEmpty, case .none = self.root {
            self.frames.append(Frame(kind: .structure, hasElement: false))
            return
        }
        self.openValue()
        self.frames.append(Frame(kind: .structure, attributeOffset: self.output.count - 1))
    }

    package func member(_ member: MemberSchema) {
        self.frames[self.frames.count - 1].member = member
    }

    package func endStructure() {
        if self.frames.removeLast().hasElement { self.closeValue() }
    }

    package func beginList(_ member: MemberSchema, count: Int) {
        self.beginCollection(.list, member)
    }

    package func element(_ member: MemberSchema) {}

    package func endList(_ member: MemberSchema) {
        self.endCollection()
    }

    package func beginMap(_ member: MemberSchema, count: Int) {
        self.beginCollection(.map, member)
    }

    package func key(_ key: String, _ member: MemberSchema) {
        self.beginEntry()
        XMLText.append(key, to: &self.output)
        self.endKey()
    }

    package func key(_ key: Span<UInt8>, _ member: MemberSchema) {
        self.beginEntry()
        XMLText.append(key, to: &self.output)
        self.endKey()
    }

    package func endMap(_ member: MemberSchema) {
        self.endCollection()
    }

    /// XML has no null: an empty element represents it.
    package func null() {
        self.openValue()
        self.closeValue()
    }

    package func string(_ value: String, _ member: MemberSchema) {
        self.scalar { XMLText.append(value, isAttribute: $1, to: &$0) }
    }

    package func string(_ value: Span<UInt8>, _ member: MemberSchema) {
        if self.isAttributeDue {
            var text: [UInt8] = []
            XMLText.append(value, isAttribute: true, to: &text)
            self.insertAttribute(text)
        } else {
            self.openValue()
            XMLText.append(value, to: &self.output)
            self.closeValue()
        }
    }

    package func boolean(_ value: Bool, _ member: MemberSchema) {
        self.scalar { output, _ in output.append(contentsOf: (value ? "true" : "false").utf8) }
    }

    package func integer(_ value: Int64, _ member: MemberSchema) {
        self.scalar { output, _ in NumberText.append(value, to: &output) }
    }

    package func double(_ value: Double, _ member: MemberSchema) {
        self.scalar { output, _ in
            output.append(contentsOf: NumberText.string(value, isFloat: member.target.type == .float).utf8)
        }
    }

    package func bigNumber(_ value: String, _ member: MemberSchema) {
        self.string(value, member)
    }

    package func timestamp(_ value: Timestamp, _ member: MemberSchema) {
        self.scalar { output, _ in
            TimestampText.append(value, as: member.timestampFormat ?? .dateTime, to: &output)
        }
    }

    package func blob(_ value: Span<UInt8>, _ member: MemberSchema) {
        var text: [UInt8] = []
        unsafe value.withUnsafeBufferPointer { buffer in
            unsafe Base64.append(buffer, to: &text)
        }
        self.scalar { output, _ in output.append(contentsOf: text) }
    }

    /// XML has no documents; no model of an XML service contains one.
    package func document(_ value: Document, _ member: MemberSchema) {
        self.null()
    }

    private func beginCollection(_ kind: Kind, _ member: MemberSchema) {
        let isFlattened = member.traits.isXMLFlattened
        if !isFlattened { self.openValue() }
        self.frames.append(Frame(kind: kind, through: member, hasElement: !isFlattened))
    }

    private func endCollection() {
        if self.frames.removeLast().hasElement { self.closeValue() }
    }

    /// Name and namespace of the next value's element.
    private var due: (name: String, namespace: XMLNamespace?) {
        guard let frame = self.frames.last else {
            guard case .element(let name, let namespace) = self.root else {
                preconditionFailure("a document without a root element holds a structure")
            }
            return (name, namespace)
        }
        switch frame.kind {
        case .structure:
            guard let member = frame.member else { preconditionFailure("a value without its member") }
            var namespace = member.traits.xmlNamespace
            if self.frames.count == 1, case .none(let memberNamespace) = self.root {
                namespace = namespace ?? memberNamespace
            }
            return (member.traits.xmlName ?? member.name, namespace)
        case .list:
            guard let list = frame.through else { preconditionFailure("a list without its member") }
            let element = list.target.element
            if frame.hasElement { return (element.traits.xmlName ?? "member", element.traits.xmlNamespace) }
            return (list.traits.xmlName ?? list.name, list.traits.xmlNamespace ?? element.traits.xmlNamespace)
        case .map:
            guard let map = frame.through else { preconditionFailure("a map without its member") }
            let value = map.target.value
            return (value.traits.xmlName ?? "value", value.traits.xmlNamespace)
        }
    }

    private func openValue() {
        let due = self.due
        XMLText.appendStartTag(due.name, due.namespace, to: &self.output)
    }

    private func closeValue() {
        XMLText.appendEndTag(self.due.name, to: &self.output)
        if let frame = self.frames.last, frame.kind == .map, let map = frame.through {
            XMLText.appendEndTag(frame.hasElement ? "entry" : map.traits.xmlName ?? map.name, to: &self.output)
        }
    }

    private func beginEntry() {
        guard let frame = self.frames.last, let map = frame.through else { preconditionFailure("no map is open") }
        if frame.hasElement {
            XMLText.appendStartTag("entry", nil, to: &self.output)
        } else {
            XMLText.appendStartTag(map.traits.xmlName ?? map.name, map.traits.xmlNamespace, to: &self.output)
        }
        let key = map.target.key
        XMLText.appendStartTag(key.traits.xmlName ?? "key", key.traits.xmlNamespace, to: &self.output)
    }

    private func endKey() {
        guard let key = self.frames.last?.through?.target.key else { preconditionFailure("no map is open") }
        XMLText.appendEndTag(key.traits.xmlName ?? "key", to: &self.output)
    }

    private var isAttributeDue: Bool {
        guard let frame = self.frames.last, frame.kind == .structure else { return false }
        return frame.member?.traits.isXMLAttribute == true
    }

    /// Writes a scalar as an element or as an attribute of the open structure.
    private func scalar(_ append: (inout [UInt8], _ isAttribute: Bool) -> Void) {
        if self.isAttributeDue {
            var text: [UInt8] = []
            append(&text, true)
            self.insertAttribute(text)
        } else {
            self.openValue()
            append(&self.output, false)
            self.closeValue()
        }
    }

    private func insertAttribute(_ value: [UInt8]) {
        let top = self.frames.count - 1
        guard let offset = self.frames[top].attributeOffset, let member = self.frames[top].member else {
            preconditionFailure("an attribute of no element")
        }
        var text: [UInt8] = [UInt8(ascii: " ")]
        text.append(contentsOf: (member.traits.xmlName ?? member.name).utf8)
        text.append(contentsOf: "=\"".utf8)
        text.append(contentsOf: value)
        text.append(UInt8(ascii: "\""))
        self.output.insert(contentsOf: text, at: offset)
        self.frames[top].attributeOffset = offset + text.count
    }
}
