internal import DynamoDBValues

/// The access path of a SELECT: the partitions that its WHERE clause admits, and its condition on the sort key.
///
/// The access path only narrows what is read; the whole clause filters what was read.
struct PartiQLAccessPath: Sendable {
    /// The limit on partition key values in one statement.
    /// - Source: DynamoDB Developer Guide, "PartiQL operators", `IN`.
    static let partitionCountMax = 50

    /// One key condition for each partition; nil when all partitions must be read.
    let partitions: [ResolvedKeyCondition]?
    /// Whether the result has at most one item.
    let isSingleItem: Bool

    init(
        _ select: PartiQLSelect, _ schema: KeySchema, isIndex: Bool, _ parameters: PartiQLParameters
    ) throws(ValidationFailure) {
        // Schemas with several attributes were refused before.
        let partitionKey = schema.partition[0]
        guard let condition = select.condition,
            var values = try Self.values(of: partitionKey.name, in: condition, parameters)
        else {
            self.partitions = nil
            self.isSingleItem = false
            return
        }
        values = Self.distinct(values)
        guard values.count <= Self.partitionCountMax else {
            throw ExpressionKind.filter.invalid(
                "The IN operator is provided with too many operands; number of operands: \(values.count)"
            )
        }
        if let order = select.order.first(where: { $0.isBy(partitionKey) }) {
            values.sort { ($0.order(against: $1) ?? 0) < 0 }
            if order.isDescending { values.reverse() }
        }
        var terms: [KeyCondition.Term] = []
        if let element = schema.sort.first, let term = try Self.sortTerm(element, condition, parameters) {
            terms.append(term)
        }
        var partitions: [ResolvedKeyCondition] = []
        for value in values {
            let partition = KeyCondition.Term(name: partitionKey.name, comparison: .equal(value))
            partitions.append(try KeyCondition([partition] + terms).resolved(schema))
        }
        self.partitions = partitions
        self.isSingleItem =
            !isIndex && partitions.count == 1 && partitions[0].equalSort.count == schema.sort.count
    }

    /// The values of an attribute one of which an item must have for the condition to hold.
    /// - Returns: nil when the condition does not restrict them.
    private static func values(
        of name: String, in condition: PartiQLExpression, _ parameters: PartiQLParameters
    ) throws(ValidationFailure) -> [StoredValue]? {
        switch condition {
        case .comparison:
            guard let equality = condition.equality, equality.name.utf8.elementsEqual(name.utf8) else { return nil }
            return [try parameters.value(equality.value)]
        case .oneOf(let value, let candidates):
            guard value.isAttribute(name), candidates.allSatisfy(\.isConstant) else { return nil }
            var values: [StoredValue] = []
            for candidate in candidates { values.append(try parameters.value(candidate)) }
            return values
        case .and(let parts):
            var least: [StoredValue]?
            for part in parts {
                guard let values = try self.values(of: name, in: part, parameters) else { continue }
                if values.count < least?.count ?? .max { least = values }
            }
            return least
        case .or(let parts):
            var all: [StoredValue] = []
            for part in parts {
                guard let values = try self.values(of: name, in: part, parameters) else { return nil }
                all += values
            }
            return all
        default: return nil
        }
    }

    private static func distinct(_ values: [StoredValue]) -> [StoredValue] {
        var seen: Set<[UInt8]> = []
        return values.filter { seen.insert(Array($0.stored)).inserted }
    }

    /// The condition on the sort key that the clause implies; an equality takes precedence.
    private static func sortTerm(
        _ element: KeyElement, _ condition: PartiQLExpression, _ parameters: PartiQLParameters
    ) throws(ValidationFailure) -> KeyCondition.Term? {
        var found: KeyComparison?
        for part in condition.conjuncts {
            guard let comparison = try self.comparison(part, of: element, parameters) else { continue }
            if case .equal = comparison {
                found = comparison
                break
            }
            if found == nil { found = comparison }
        }
        return found.map { KeyCondition.Term(name: element.name, comparison: $0) }
    }

    private static func comparison(
        _ part: PartiQLExpression, of element: KeyElement, _ parameters: PartiQLParameters
    ) throws(ValidationFailure) -> KeyComparison? {
        switch part {
        case .comparison(let symbol, let left, let right):
            if left.isAttribute(element.name), right.isConstant {
                return KeyComparison(symbol, try parameters.value(right))
            }
            guard right.isAttribute(element.name), left.isConstant else { return nil }
            return KeyComparison(symbol.mirrored, try parameters.value(left))
        case .between(let value, let lower, let upper):
            guard value.isAttribute(element.name), lower.isConstant, upper.isConstant else { return nil }
            return .between(try parameters.value(lower), try parameters.value(upper))
        case .call("begins_with", let operands):
            guard operands.count == 2, operands[0].isAttribute(element.name), operands[1].isConstant,
                element.type != .n
            else { return nil }
            return .beginsWith(try parameters.value(operands[1]))
        default: return nil
        }
    }
}

extension PartiQLSelect {
    /// Checks `ORDER BY`, which is limited to key attributes, of partitions that the WHERE clause specifies.
    ///
    /// - Source: the sentences are AWS's as its users quote them.
    func checkOrder(_ schema: KeySchema, _ path: PartiQLAccessPath) throws(ValidationFailure) {
        guard !self.order.isEmpty else { return }
        guard self.condition != nil else {
            throw ValidationFailure("Must have WHERE clause in the statement when using ORDER BY clause.")
        }
        for order in self.order where !schema.contains(order.name.utf8) {
            throw ValidationFailure("Attribute \(order.name) in ORDER BY clause must be part of the primary key")
        }
        guard let partitions = path.partitions else {
            throw ValidationFailure(
                "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
            )
        }
        guard partitions.count <= 1 || self.order.contains(where: { $0.isBy(schema.partition[0]) }) else {
            throw ValidationFailure(
                "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
            )
        }
    }

    /// Whether partitions are read in descending order.
    func isReverse(_ schema: KeySchema) -> Bool {
        self.order.first { schema.sort.contains(where: $0.isBy) }?.isDescending ?? false
    }
}
