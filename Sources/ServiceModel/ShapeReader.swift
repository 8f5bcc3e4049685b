package import Primitives

/// What a generated shape reads itself from: a wire reader, plus everything that is the same for all wire formats.
///
/// Violations of the model's constraints are collected instead of thrown, because AWS reports them in one answer; the
/// caller asks for `violations` when the whole input has been read. Constraints and the position of a value are handled
/// here once, for all formats.
package final class ShapeReader {
    /// Further violations are dropped; AWS itself stops at ten.
    package static let violationCountMax = 32

    package let wire: any WireReader
    package private(set) var violations: [ConstraintViolation] = []
    /// The path to the aggregate that is being read.
    private var path: [ConstraintViolation.PathStep] = []
    /// The last step, to the value that is being read; nil at the root.
    private var step: ConstraintViolation.PathStep?
    private var depth = 0
    /// How many more parts may be kept of lists and maps although the input will be refused.
    private var surplusLeft = violationCountMax * ValueText.partCountMax

    package init(_ wire: any WireReader) {
        self.wire = wire
    }

    /// Enters a structure or union at the current position.
    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        try self.wire.beginStructure(schema)
        self.enter()
    }

    /// The index of the next member that is present; nil after the last, which leaves the structure.
    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        guard let index = try self.wire.nextMember(schema) else {
            self.leave()
            return nil
        }
        self.step = .member(schema.members[index].name)
        return index
    }

    /// Records that a required member is missing.
    ///
    /// Called after the structure has been left, so that the structure's own position is that of the violation.
    /// - Returns: the value that takes its place; because of the violation no handler ever sees it.
    package func missing<Value>(_ member: MemberSchema, _ stand: Value) -> Value {
        guard !self.isFull else { return stand }
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

    /// The path to the value that is being read.
    private var place: [ConstraintViolation.PathStep] {
        guard self.depth > 0, let step = self.step else { return self.path }
        return self.path + [step]
    }

    /// Records a violation by the value that is being read.
    package func note(
        _ demand: ConstraintViolation.Demand, _ member: MemberSchema, length: Int? = nil, value: () -> String
    ) {
        guard !self.isFull else { return }
        var violation = ConstraintViolation(path: self.place, demand: demand, value: nil, length: length)
        violation.isSensitive = member.isSensitive
        if !member.isSensitive { violation.value = value() }
        self.append(violation)
    }

    /// Whether further violations are dropped: they must cost nothing, because a body may have millions.
    private var isFull: Bool { self.violations.count >= Self.violationCountMax }

    /// Whether what was read breaks the model, so that no handler will see the input.
    package var isRefused: Bool { !self.violations.isEmpty }

    private func append(_ violation: ConstraintViolation) {
        guard !self.isFull else { return }
        self.violations.append(violation)
    }

    /// Makes the value being read the current aggregate.
    private func enter() {
        if self.depth > 0, let step = self.step { self.path.append(step) }
        self.depth += 1
        self.step = nil
    }

    /// Undoes `enter`.
    private func leave() {
        self.depth -= 1
        self.step = self.depth > 0 ? self.path.popLast() : nil
    }
}

extension ShapeReader {
    /// What a list or map must know when its reading ends.
    package struct Aggregate {
        fileprivate let member: MemberSchema
        fileprivate let firstViolation: Int
        /// The model's maximum number of parts.
        package var countMax: Int { self.member.countMax }
    }

    /// Enters a list at the current position.
    package func beginList(_ member: MemberSchema) throws(ShapeError) -> Aggregate {
        try self.wire.beginList(member)
        self.enter()
        return Aggregate(member: member, firstViolation: self.violations.count)
    }

    /// The list's next element; call `end` after the last.
    package func nextElement(_ member: MemberSchema, index: Int) throws(ShapeError) -> WireElement {
        self.step = .element(index: index)
        return try self.wire.nextElement(member)
    }

    /// Enters a map at the current position.
    package func beginMap(_ member: MemberSchema) throws(ShapeError) -> Aggregate {
        try self.wire.beginMap(member)
        self.enter()
        return Aggregate(member: member, firstViolation: self.violations.count)
    }

    /// The next key, checked; nil after the last: then call `end`.
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

    /// Whether a part is kept that is beyond `Aggregate.countMax`, or follows a violation. It is read, checked and
    /// counted in any case.
    ///
    /// The input will be refused, so only as much as violations can show is worth its memory: a structure of two bytes
    /// on the wire may take hundreds.
    package func keepsSurplus(at index: Int) -> Bool {
        guard index < ValueText.partCountMax, self.surplusLeft > 0 else { return false }
        self.surplusLeft -= 1
        return true
    }

    /// Leaves the list or map, and checks it as a whole; `value` is what was read, for printing in a violation.
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

    /// Adds to the violations of elements, keys and values the list or map that contains them.
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
            // A part of a value that must not be shown must not be shown either.
            guard aggregate.member.isSensitive else { continue }
            self.violations[index].isSensitive = true
            self.violations[index].value = nil
        }
    }
}
