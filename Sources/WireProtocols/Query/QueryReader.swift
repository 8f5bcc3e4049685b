package import Primitives
package import ServiceModel

/// The two query protocols' naming of fields.
package enum QueryStyle: Sendable {
    /// awsQuery: `Names.member.1`, `Map.entry.1.key`; names as in XML.
    case aws
    /// ec2Query: every list is flat (`Names.1`), names are capitalised.
    case ec2

    /// The name of a member's field.
    func name(_ member: MemberSchema) -> String {
        switch self {
        case .aws:
            return member.traits.xmlName ?? member.name
        case .ec2:
            if let name = member.traits.ec2QueryName { return name }
            let name = member.traits.xmlName ?? member.name
            guard let first = name.utf8.first, first &- 0x61 < 26 else { return name }
            return String(decoding: [first ^ 0x20], as: UTF8.self) + name.dropFirst()
        }
    }
}

/// Reads an operation's input from the fields of a form or query.
package final class QueryReader: WireReader {
    private enum Frame {
        case structure(FormFields.Node, next: Int)
        case list(items: [FormFields.Node], next: Int)
        case map(entries: [FormFields.Node], next: Int)
    }

    /// The deepest nesting of structures, lists and maps.
    private static let depthMax = 128

    private let fields: FormFields
    private let style: QueryStyle
    private var frames: [Frame] = []
    /// The node that the next `read` or `begin` reads.
    private var node: FormFields.Node

    /// - Parameters:
    ///   - query: the raw query of the URI.
    ///   - form: the body.
    ///   - style: the protocol's naming of fields.
    /// - Throws: `malformed` for invalid escapes and for text that is not UTF-8.
    package init(query: String, form: [UInt8], style: QueryStyle) throws(ShapeError) {
        self.fields = try FormFields([Array(query.utf8)[...], form[...]])
        self.style = style
        self.node = self.fields.root
        self.frames.reserveCapacity(8)
    }

    private func push(_ frame: Frame) throws(ShapeError) {
        guard self.frames.count < Self.depthMax else { throw .limitExceeded("nesting of more than \(Self.depthMax)") }
        self.frames.append(frame)
    }

    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        try self.checkNoText(schema.type, schema.name)
        try self.push(.structure(self.node, next: 0))
    }

    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        guard case .structure(let place, var index)? = self.frames.last else {
            preconditionFailure("no structure is open")
        }
        while index < schema.members.count {
            let member = schema.members[index]
            index += 1
            if let child = self.fields.child(self.style.name(member).utf8, of: place) {
                self.frames[self.frames.count - 1] = .structure(place, next: index)
                self.node = child
                return index - 1
            }
        }
        self.frames.removeLast()
        return nil
    }

    package func beginList(_ member: MemberSchema) throws(ShapeError) {
        try self.checkNoText(member.target.type, member.name)
        var place: FormFields.Node? = self.node
        if self.style == .aws, !member.traits.isXMLFlattened {
            place = self.fields.child((member.target.element.traits.xmlName ?? "member").utf8, of: self.node)
        }
        try self.push(.list(items: place.map(self.fields.elements) ?? [], next: 0))
    }

    package func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        guard case .list(let items, let index)? = self.frames.last else { preconditionFailure("no list is open") }
        guard index < items.count else {
            self.frames.removeLast()
            return .end
        }
        self.frames[self.frames.count - 1] = .list(items: items, next: index + 1)
        self.node = items[index]
        return .value
    }

    package func beginMap(_ member: MemberSchema) throws(ShapeError) {
        try self.checkNoText(member.target.type, member.name)
        var place: FormFields.Node? = self.node
        if self.style == .aws, !member.traits.isXMLFlattened {
            place = self.fields.child("entry".utf8, of: self.node)
        }
        try self.push(.map(entries: place.map(self.fields.elements) ?? [], next: 0))
    }

    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        var key: [UInt8] = []
        return try self.nextKey(member, appendingTo: &key) ? String(decoding: key, as: UTF8.self) : nil
    }

    package func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        guard case .map(let entries, let index)? = self.frames.last else { preconditionFailure("no map is open") }
        guard index < entries.count else {
            self.frames.removeLast()
            return false
        }
        self.frames[self.frames.count - 1] = .map(entries: entries, next: index + 1)
        let map = member.target
        let key = self.fields.child((map.key.traits.xmlName ?? "key").utf8, of: entries[index])
        let value = self.fields.child((map.value.traits.xmlName ?? "value").utf8, of: entries[index])
        guard let text = key.flatMap(self.fields.value), let value else {
            throw .malformed("an entry of \(member.name) without key and value")
        }
        output.append(contentsOf: text)
        self.node = value
        return true
    }

    package func readNull() throws(ShapeError) -> Bool {
        false
    }

    package func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        String(decoding: try self.text(member), as: UTF8.self)
    }

    package func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        output.append(contentsOf: try self.text(member))
    }

    package func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        let text = try self.text(member)
        // AWS also accepts `True` and `False`, as Python and Ruby clients spell them.
        let folded = text.map(ASCII.lowercased)
        if folded.elementsEqual("true".utf8) { return true }
        guard folded.elementsEqual("false".utf8) else { throw TextValue(text, member).fault }
        return false
    }

    package func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        try TextValue(self.text(member), member).integer()
    }

    package func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        try TextValue(self.text(member), member).double()
    }

    package func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        try TextValue(self.text(member), member).bigNumber()
    }

    package func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        try TextValue(self.text(member), member).timestamp(.dateTime)
    }

    package func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        let text = try self.text(member)
        guard let blob = Base64.decode(text) else { throw TextValue(text, member).fault }
        return blob
    }

    package func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        throw .invalidValue("a document in a form", expected: .document, member: member.name)
    }

    /// Fields that match no member are ignored: `Action`, `Version` and the signature are among them.
    package func finish() throws(ShapeError) {}

    private func text(_ member: MemberSchema) throws(ShapeError) -> ArraySlice<UInt8> {
        guard let text = self.fields.value(self.node) else {
            throw .typeMismatch(found: .object, expected: member.target.type, member: member.name)
        }
        return text
    }

    /// Refuses text for a structure, list or map, except the empty text that represents an empty list.
    private func checkNoText(_ expected: ShapeType, _ member: String) throws(ShapeError) {
        guard !self.frames.isEmpty, let text = self.fields.value(self.node), !text.isEmpty else { return }
        throw .typeMismatch(found: .string, expected: expected, member: member)
    }
}
