package import Primitives

// The generic reads are inlinable, so that they are specialised in each model's module; what is not generic is in
// ShapeReader.swift.
extension ShapeReader {
    /// Reads a list; `read` is called with the element's schema for each element.
    @inlinable
    package func list<Element>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Element
    ) throws(ShapeError) -> [Element] {
        let element = member.target.element
        var elements: [Element] = []
        var count = 0
        let aggregate = try self.beginList(member)
        let countMax = aggregate.countMax
        loop: while true {
            switch try self.nextElement(member, index: count) {
            case .value:
                let value = try read(element)
                if count < countMax && !self.isRefused || self.keepsSurplus(at: count) { elements.append(value) }
            case .null: throw .typeMismatch(found: .null, expected: element.target.type, member: element.name)
            case .end: break loop
            }
            count += 1
        }
        self.end(aggregate, count: count) { elements }
        return elements
    }

    /// Reads a list in which nulls are kept.
    @inlinable
    package func sparseList<Element>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Element
    ) throws(ShapeError) -> [Element?] {
        let element = member.target.element
        var elements: [Element?] = []
        var count = 0
        let aggregate = try self.beginList(member)
        let countMax = aggregate.countMax
        loop: while true {
            var value: Element?
            switch try self.nextElement(member, index: count) {
            case .value: value = try read(element)
            case .null: break
            case .end: break loop
            }
            if count < countMax && !self.isRefused || self.keepsSurplus(at: count) { elements.append(value) }
            count += 1
        }
        self.end(aggregate, count: count) { elements }
        return elements
    }

    /// Reads a map; of entries with the same key, the last one wins.
    @inlinable
    package func map<Value>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Value
    ) throws(ShapeError) -> [String: Value] {
        try self.entries(member, { $0 }, read)
    }

    /// Reads a map whose keys are the same only if their bytes are.
    @inlinable
    package func exactMap<Value>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Value
    ) throws(ShapeError) -> [ExactName: Value] {
        try self.entries(member, { ExactName($0) }, read)
    }

    @inlinable
    package func entries<Key: Hashable, Value>(
        _ member: MemberSchema, _ key: (String) -> Key, _ read: (MemberSchema) throws(ShapeError) -> Value
    ) throws(ShapeError) -> [Key: Value] {
        let value = member.target.value
        var entries: [Key: Value] = [:]
        var droppedCount = 0
        let aggregate = try self.beginMap(member)
        let countMax = aggregate.countMax
        while let text = try self.nextKey(member) {
            let name = key(text)
            let content = try read(value)
            if entries.count < countMax && !self.isRefused || entries[name] != nil
                || self.keepsSurplus(at: entries.count)
            {
                entries[name] = content
            } else {
                droppedCount += 1
            }
        }
        self.end(aggregate, count: entries.count + droppedCount) { entries }
        return entries
    }

    /// Reads a map in which nulls are kept.
    @inlinable
    package func sparseMap<Value>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Value
    ) throws(ShapeError) -> [String: Value?] {
        let value = member.target.value
        var entries: [String: Value?] = [:]
        var droppedCount = 0
        let aggregate = try self.beginMap(member)
        let countMax = aggregate.countMax
        while let name = try self.nextKey(member) {
            let content: Value? = try self.wire.readNull() ? nil : try read(value)
            if entries.count < countMax && !self.isRefused || entries.keys.contains(name)
                || self.keepsSurplus(at: entries.count)
            {
                entries.updateValue(content, forKey: name)
            } else {
                droppedCount += 1
            }
        }
        self.end(aggregate, count: entries.count + droppedCount) { entries }
        return entries
    }
}
