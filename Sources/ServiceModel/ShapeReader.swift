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
    /// Parts that can yet be kept of lists and maps that have more than the model allows.
    private var surplusLeft = violationCountMax * ValueText.partCountMax

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
        var place = self.place
        place.append(.member(member.name))
        self.append(ConstraintViolation(path: place, demand: .notNull, value: nil))
        return stand
    }

    package func string(_ member: MemberSchema) throws(ShapeError) -> String {
        let value = try self.wire.readString(member)
        if member.isConstrained, let constraints = member.constraints {
            self.check(string: value, constraints, member)
        }
        return value
    }

    package func boolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        try self.wire.readBoolean(member)
    }

    package func integer(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        let value = try self.wire.readInteger(member)
        if member.isConstrained, let constraints = member.constraints {
            self.check(number: Double(value), "\(value)", constraints, member)
        }
        return value
    }

    package func double(_ member: MemberSchema) throws(ShapeError) -> Double {
        let value = try self.wire.readDouble(member)
        if member.isConstrained, let constraints = member.constraints {
            self.check(number: value, "\(value)", constraints, member)
        }
        return value
    }

    /// The decimal text of a big number.
    package func bigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        try self.wire.readBigNumber(member)
    }

    package func timestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        try self.wire.readTimestamp(member)
    }

    package func blob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        let value = try self.wire.readBlob(member)
        if member.isConstrained, let constraints = member.constraints {
            self.check(count: value.count, constraints, member) { ValueText.buffer(count: value.count) }
        }
        return value
    }

    package func document(_ member: MemberSchema) throws(ShapeError) -> Document {
        try self.wire.readDocument(member)
    }

    /// The steps to the value that is being read.
    private var place: [ConstraintViolation.PathStep] {
        guard self.depth > 0, let step = self.step else { return self.path }
        return self.path + [step]
    }

    /// Notes a violation of the value being read.
    package func note(
        _ demand: ConstraintViolation.Demand, _ member: MemberSchema, length: Int? = nil, value: () -> String
    ) {
        var violation = ConstraintViolation(path: self.place, demand: demand, value: nil, length: length)
        violation.isSensitive = member.isSensitive
        if !member.isSensitive { violation.value = value() }
        self.append(violation)
    }

    private func append(_ violation: ConstraintViolation) {
        guard self.violations.count < Self.violationCountMax else { return }
        self.violations.append(violation)
    }

    /// Goes down into the value being read.
    private func enter() {
        if self.depth > 0, let step = self.step { self.path.append(step) }
        self.depth += 1
        self.step = nil
    }

    /// Goes up to the value that `enter` went down from.
    private func leave() {
        self.depth -= 1
        self.step = self.depth > 0 ? self.path.popLast() : nil
    }
}

extension ShapeReader {
    /// What a list or map that is being read must know when it ends.
    package struct Aggregate {
        fileprivate let member: MemberSchema
        fileprivate let firstViolation: Int
        /// The most parts that the model allows.
        package var countMax: Int { self.member.countMax }
    }

    /// Enters a list at the current place.
    package func beginList(_ member: MemberSchema) throws(ShapeError) -> Aggregate {
        try self.wire.beginList(member)
        self.enter()
        return Aggregate(member: member, firstViolation: self.violations.count)
    }

    /// What comes next in the list; to be followed by `end`, after the last.
    package func nextElement(_ member: MemberSchema, index: Int) throws(ShapeError) -> WireElement {
        self.step = .element(index: index)
        return try self.wire.nextElement(member)
    }

    /// Enters a map at the current place.
    package func beginMap(_ member: MemberSchema) throws(ShapeError) -> Aggregate {
        try self.wire.beginMap(member)
        self.enter()
        return Aggregate(member: member, firstViolation: self.violations.count)
    }

    /// The next key, checked; nil after the last, to be followed by `end`.
    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        guard let name = try self.wire.nextKey(member) else { return nil }
        let key = member.target.key
        if key.isConstrained, let constraints = key.constraints {
            self.step = .keyOf(ValueText.cut(name))
            self.check(string: name, constraints, key)
        }
        self.step = .key(ValueText.cut(name))
        return name
    }

    /// Whether a part beyond `Aggregate.countMax` is kept; it is read, checked and counted in any case.
    ///
    /// The input is refused, so only what violations can show of it is worth memory.
    package func keepsSurplus(at index: Int) -> Bool {
        guard index < ValueText.partCountMax, self.surplusLeft > 0 else { return false }
        self.surplusLeft -= 1
        return true
    }

    /// Leaves the list or map and checks it as a whole; `value` is what was read, to be printed in a violation.
    package func end(_ aggregate: Aggregate, count: Int, _ value: () -> Any) {
        self.leave()
        let member = aggregate.member
        if aggregate.firstViolation < self.violations.count {
            self.setContainer(aggregate, member.isSensitive ? "" : ValueText.text(value()))
        }
        if member.isConstrained, let constraints = member.constraints {
            self.check(count: count, constraints, member) { ValueText.text(value()) }
        }
    }

    /// Tells the violations of elements, keys and values in which list or map they stand.
    private func setContainer(_ aggregate: Aggregate, _ text: String) {
        let depth = self.place.count + 1
        let target = aggregate.member.target
        for index in aggregate.firstViolation..<self.violations.count {
            let violation = self.violations[index]
            guard violation.path.count == depth, let last = violation.path.last else { continue }
            let part: MemberSchema
            switch last {
            case .element: part = target.element
            case .keyOf: part = target.key
            case .key: part = target.value
            case .member: continue
            }
            self.violations[index].container = ConstraintViolation.Container(
                value: text,
                demands: part.constraints?.demands ?? []
            )
            // A part of what must not be shown must not be either.
            guard aggregate.member.isSensitive else { continue }
            self.violations[index].isSensitive = true
            self.violations[index].value = nil
        }
    }
}
