package import Primitives
package import ServiceModel

/// Reads a shape from an XML document.
///
/// Names are compared without their prefixes, and namespaces are ignored: AWS's own services accept documents without
/// them. Unknown elements and attributes are skipped, and the root's name is not checked, because SDKs differ in it.
/// XML has no null: a value can only be omitted by leaving out its element.
package final class XMLReader: BodyReader {
    private enum Kind {
        case structure, list, map
    }

    /// One open structure, list or map.
    private struct Frame {
        var kind: Kind
        /// The next element to read; -1 after the last.
        var next: Int32
        /// The next attribute to read, for a structure.
        var attribute = 0
        var attributeEnd = 0
        /// The member that is compared first: most clients keep the model's order.
        var hint = 0
        /// Members of flattened lists and maps that were returned; their other elements belong to the same value.
        var reported: [Int] = []
        /// The name of the elements of a list or of the entries of a map.
        var name: [UInt8] = []
        var isFlattened = false
    }

    /// What the next `read` or `begin` reads.
    private enum Value {
        case element(Int32)
        case attribute(Int)
    }

    private let tree: XMLTree
    private var frames: [Frame] = []
    private var value = Value.element(0)

    package init(_ tree: XMLTree) {
        self.tree = tree
        self.frames.reserveCapacity(8)
    }

    package convenience init(parsing bytes: [UInt8]) throws(ShapeError) {
        self.init(try XMLTree(parsing: bytes))
    }

    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        let index = try self.element(schema.type, schema.name)
        let element = self.tree.elements[Int(index)]
        // Text in a structure is a client's error; white space is layout.
        if element.firstChild < 0, !self.text(of: element).allSatisfy(XMLParser.isSpace) {
            throw .typeMismatch(found: .string, expected: schema.type, member: schema.name)
        }
        self.frames.append(
            Frame(
                kind: .structure, next: element.firstChild, attribute: Int(element.attributeStart),
                attributeEnd: Int(element.attributeEnd)))
    }

    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        let top = self.frames.count - 1
        precondition(top >= 0 && self.frames[top].kind == .structure, "no structure is open")
        if let index = self.nextAttribute(schema) { return index }
        while self.frames[top].next >= 0 {
            let child = self.frames[top].next
            self.frames[top].next = self.tree.elements[Int(child)].nextSibling
            guard let index = self.member(of: schema, named: child) else { continue }
            if schema.members[index].traits.isXMLFlattened {
                guard !self.frames[top].reported.contains(index) else { continue }
                self.frames[top].reported.append(index)
            }
            self.value = .element(child)
            return index
        }
        self.frames.removeLast()
        return nil
    }

    private func nextAttribute(_ schema: ShapeSchema) -> Int? {
        let top = self.frames.count - 1
        while self.frames[top].attribute < self.frames[top].attributeEnd {
            let position = self.frames[top].attribute
            self.frames[top].attribute += 1
            let attribute = self.tree.attributes[position]
            guard !self.tree.isDeclaration(attribute) else { continue }
            let name = self.tree.source[Int(attribute.nameStart)..<Int(attribute.nameEnd)]
            let found = schema.members.firstIndex {
                $0.traits.isXMLAttribute && XMLNames.local($0.traits.xmlName ?? $0.name).elementsEqual(name)
            }
            guard let found else { continue }
            self.value = .attribute(position)
            return found
        }
        return nil
    }

    package func beginList(_ member: MemberSchema) throws(ShapeError) {
        try self.beginCollection(.list, member, itemName: member.target.element.traits.xmlName ?? "member")
    }

    package func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        self.nextItem() ? .value : .end
    }

    package func beginMap(_ member: MemberSchema) throws(ShapeError) {
        try self.beginCollection(.map, member, itemName: "entry")
    }

    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        var key: [UInt8] = []
        return try self.nextKey(member, appendingTo: &key) ? String(decoding: key, as: UTF8.self) : nil
    }

    package func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        guard self.nextItem() else { return false }
        let entry = try self.element(.map, member.name)
        let first = self.tree.elements[Int(entry)].firstChild
        let map = member.target
        let key = self.tree.find(XMLNames.local(map.key.traits.xmlName ?? "key"), from: first)
        let value = self.tree.find(XMLNames.local(map.value.traits.xmlName ?? "value"), from: first)
        guard key >= 0, value >= 0 else { throw .malformed("an entry of \(member.name) without key and value") }
        self.value = .element(key)
        output.append(contentsOf: try self.text(map.key))
        self.value = .element(value)
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
        let text = try self.trimmedText(member)
        if text.elementsEqual("true".utf8) { return true }
        guard text.elementsEqual("false".utf8) else { throw TextValue(text, member).fault }
        return false
    }

    package func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        try TextValue(self.trimmedText(member), member).integer()
    }

    package func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        try TextValue(self.trimmedText(member), member).double()
    }

    package func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        try TextValue(self.trimmedText(member), member).bigNumber()
    }

    package func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        try TextValue(self.trimmedText(member), member).timestamp(.dateTime)
    }

    package func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        let text = try self.text(member)
        guard let blob = Base64.decode(text.filter { !XMLParser.isSpace($0) }) else {
            throw TextValue(text, member).fault
        }
        return blob
    }

    package func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        throw .invalidValue("a document in XML", expected: .document, member: member.name)
    }

    package func skipValue() throws(ShapeError) {}

    package func finish() throws(ShapeError) {}

    private func beginCollection(_ kind: Kind, _ member: MemberSchema, itemName: String) throws(ShapeError) {
        let index = try self.element(member.target.type, member.name)
        let element = self.tree.elements[Int(index)]
        if member.traits.isXMLFlattened {
            self.frames.append(Frame(kind: kind, next: index, name: Array(self.tree.name(index)), isFlattened: true))
            return
        }
        if element.firstChild < 0, !self.text(of: element).allSatisfy(XMLParser.isSpace) {
            throw .typeMismatch(found: .string, expected: member.target.type, member: member.name)
        }
        self.frames.append(Frame(kind: kind, next: element.firstChild, name: Array(XMLNames.local(itemName))))
    }

    /// Moves to the next element of the open list or map; closes it after the last.
    private func nextItem() -> Bool {
        let top = self.frames.count - 1
        precondition(top >= 0 && self.frames[top].kind != .structure, "no list or map is open")
        let found = self.tree.find(self.frames[top].name, from: self.frames[top].next)
        guard found >= 0 else {
            self.frames.removeLast()
            return false
        }
        self.frames[top].next = self.tree.elements[Int(found)].nextSibling
        self.value = .element(found)
        return true
    }

    private func member(of schema: ShapeSchema, named element: Int32) -> Int? {
        let count = schema.members.count
        guard count > 0 else { return nil }
        let top = self.frames.count - 1
        var index = self.frames[top].hint < count ? self.frames[top].hint : 0
        for _ in 0..<count {
            let member = schema.members[index]
            let next = index + 1 == count ? 0 : index + 1
            let name = XMLNames.local(member.traits.xmlName ?? member.name)
            if !member.traits.isXMLAttribute, self.tree.isNamed(element, name) {
                // The elements of a flattened list usually follow one another.
                self.frames[top].hint = member.traits.isXMLFlattened ? index : next
                return index
            }
            index = next
        }
        return nil
    }

    private func element(_ expected: ShapeType, _ member: String) throws(ShapeError) -> Int32 {
        guard case .element(let index) = self.value else {
            throw .typeMismatch(found: .string, expected: expected, member: member)
        }
        return index
    }

    private func text(of element: XMLTree.Element) -> ArraySlice<UInt8> {
        self.tree.text[Int(element.textStart)..<Int(element.textEnd)]
    }

    private func text(_ member: MemberSchema) throws(ShapeError) -> ArraySlice<UInt8> {
        switch self.value {
        case .attribute(let index):
            let attribute = self.tree.attributes[index]
            return self.tree.text[Int(attribute.textStart)..<Int(attribute.textEnd)]
        case .element(let index):
            let element = self.tree.elements[Int(index)]
            guard element.firstChild < 0 else {
                throw .typeMismatch(found: .object, expected: member.target.type, member: member.name)
            }
            return self.text(of: element)
        }
    }

    private func trimmedText(_ member: MemberSchema) throws(ShapeError) -> ArraySlice<UInt8> {
        var text = try self.text(member).drop(while: XMLParser.isSpace)
        while let last = text.last, XMLParser.isSpace(last) { text.removeLast() }
        return text
    }
}

/// Names of elements and attributes.
enum XMLNames {
    /// The name without its prefix.
    static func local(_ name: String) -> Substring.UTF8View {
        let utf8 = name.utf8
        guard let colon = utf8.firstIndex(of: UInt8(ascii: ":")) else { return name[...].utf8 }
        return name[utf8.index(after: colon)...].utf8
    }
}
