package import Primitives

/// What a generated shape reads itself from: a wire reader plus what is the same in every wire format.
///
/// It notes violations of the model's constraints instead of throwing, because AWS gathers them into one answer; the
/// caller asks for `violations` when the whole input has been read. Constraints and the place of a value are looked at
/// here once, for all formats.
package final class ShapeReader {
    /// More violations than this are not kept; AWS itself stops at ten.
    package static let violationCountMax = 32

    package let wire: any WireReader
    package private(set) var violations: [ConstraintViolation] = []
    /// The steps to the aggregate that is being read.
    private var path: [ConstraintViolation.PathStep] = []
    /// The step from there to the value that is being read; nil at the root.
    private var step: ConstraintViolation.PathStep?
    private var depth = 0

    package init(_ wire: any WireReader) {
        self.wire = wire
    }



    /// Enters a structure or union at the current place.
    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        try self.wire.beginStructure(schema)
        self.enter()
    }

    /// The index of the next member that is there; nil after the last, which leaves the structure.
    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        guard let index = try self.wire.nextMember(schema) else {
            self.leave()
            return nil
        }
        self.step = .member(schema.members[index].name)
        return index
    }

    /// Notes that a required member is not there.
    ///
    /// Called after the structure has been left, so the structure's own place is where the member is missing.
    /// - Returns: the value that stands for it; the violation keeps it from every handler.
    package func missing<Value>(_ member: MemberSchema, _ stand: Value) -> Value {
        let place = self.depth == 0 ? [] : self.path + (self.step.map { [$0] } ?? [])
        self.append(
            ConstraintViolation(path: place + [.member(member.name)], demand: .notNull, value: nil)
        )
        return stand
    }



    /// Reads a list; `read` is given the element's schema for each element.
    package func list<Element>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Element
    ) throws(ShapeError) -> [Element] {
        let element = member.target.element
        var elements: [Element] = []
        try self.wire.beginList(member)
        self.enter()
        loop: while true {
            self.step = .element(index: elements.count)
            switch try self.wire.nextElement(member) {
            case .value: elements.append(try read(element))
            case .null:
                // Only sparse lists report nulls, and no operation of ours has one that is read.
                throw .typeMismatch(found: .null, expected: element.target.type, member: element.name)
            case .end: break loop
            }
        }
        self.leave()
        if let constraints = member.constraints {
            self.check(count: elements.count, constraints) { "\(elements)" }
        }
        return elements
    }

    /// Reads a list whose elements may have to be unique.
    package func uniqueList<Element: Hashable>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Element
    ) throws(ShapeError) -> [Element] {
        let elements = try self.list(member, read)
        if Set(elements).count != elements.count { self.note(.uniqueItems, value: "\(elements)") }
        return elements
    }

    /// Reads a map; a key that occurs twice keeps its later value.
    package func map<Value>(
        _ member: MemberSchema, _ read: (MemberSchema) throws(ShapeError) -> Value
    ) throws(ShapeError) -> [String: Value] {
        let value = member.target.value
        let key = member.target.key
        var entries: [String: Value] = [:]
        try self.wire.beginMap(member)
        self.enter()
        while let name = try self.wire.nextKey(member) {
            if let constraints = key.constraints {
                self.step = .keyOf(name)
                self.check(string: name, constraints)
            }
            self.step = .key(name)
            entries[name] = try read(value)
        }
        self.leave()
        if let constraints = member.constraints {
            self.check(count: entries.count, constraints) { "\(entries.keys.sorted())" }
        }
        return entries
    }



    package func string(_ member: MemberSchema) throws(ShapeError) -> String {
        let value = try self.wire.readString(member)
        if let constraints = member.constraints { self.check(string: value, constraints) }
        return value
    }

    package func boolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        try self.wire.readBoolean(member)
    }

    package func integer(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        let value = try self.wire.readInteger(member)
        if let constraints = member.constraints { self.check(number: Double(value), constraints) { String(value) } }
        return value
    }

    package func double(_ member: MemberSchema) throws(ShapeError) -> Double {
        let value = try self.wire.readDouble(member)
        if let constraints = member.constraints { self.check(number: value, constraints) { "\(value)" } }
        return value
    }

    package func bigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        try self.wire.readBigNumber(member)
    }

    package func timestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        try self.wire.readTimestamp(member)
    }

    package func blob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        let value = try self.wire.readBlob(member)
        if let constraints = member.constraints {
            self.check(count: value.count, constraints) { "java.nio.HeapByteBuffer" }
        }
        return value
    }

    package func document(_ member: MemberSchema) throws(ShapeError) -> Document {
        try self.wire.readDocument(member)
    }



    /// Notes a violation of the value being read.
    package func note(_ demand: ConstraintViolation.Demand, value: String?, length: Int? = nil) {
        let place = self.path + (self.step.map { [$0] } ?? [])
        self.append(ConstraintViolation(path: place, demand: demand, value: value, length: length))
    }

    /// Puts the step to what a hand-written shape reads below the current place; `leave` takes it away again.
    package func enter() {
        if self.depth > 0, let step = self.step { self.path.append(step) }
        self.depth += 1
        self.step = nil
    }

    package func leave() {
        self.depth -= 1
        self.step = self.depth > 0 ? self.path.popLast() : nil
    }

    private func append(_ violation: ConstraintViolation) {
        guard self.violations.count < Self.violationCountMax else { return }
        self.violations.append(violation)
    }
}
