// The generic reads are inlinable, so that each model's module makes its own code of them; what is not generic is in
// ShapeReader.swift.
extension ShapeReader {
    /// Reads a list; `read` is given the element's schema for each element.
    @inlinable
    package func list<Element>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Element
    ) throws(ShapeError) -> [Element] {
        let element = member.target.element
        var elements: [Element] = []
        let aggregate = try self.beginList(member)
        loop: while true {
            switch try self.nextElement(member, index: elements.count) {
            case .value: elements.append(try read(element))
            case .null: throw .typeMismatch(found: .null, expected: element.target.type, member: element.name)
            case .end: break loop
            }
        }
        self.end(aggregate, count: elements.count) { elements }
        return elements
    }

    /// Reads a list in which nulls are kept.
    @inlinable
    package func sparseList<Element>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Element
    ) throws(ShapeError) -> [Element?] {
        let element = member.target.element
        var elements: [Element?] = []
        let aggregate = try self.beginList(member)
        loop: while true {
            switch try self.nextElement(member, index: elements.count) {
            case .value: elements.append(try read(element))
            case .null: elements.append(nil)
            case .end: break loop
            }
        }
        self.end(aggregate, count: elements.count) { elements }
        return elements
    }

    /// Reads a map; a key that occurs twice keeps its later value.
    @inlinable
    package func map<Value>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Value
    ) throws(ShapeError) -> [String: Value] {
        let value = member.target.value
        var entries: [String: Value] = [:]
        let aggregate = try self.beginMap(member)
        while let name = try self.nextKey(member) {
            entries[name] = try read(value)
        }
        self.end(aggregate, count: entries.count) { entries }
        return entries
    }

    /// Reads a map in which nulls are kept.
    @inlinable
    package func sparseMap<Value>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Value
    ) throws(ShapeError) -> [String: Value?] {
        let value = member.target.value
        var entries: [String: Value?] = [:]
        let aggregate = try self.beginMap(member)
        while let name = try self.nextKey(member) {
            entries.updateValue(try self.wire.readNull() ? nil : try read(value), forKey: name)
        }
        self.end(aggregate, count: entries.count) { entries }
        return entries
    }
}
