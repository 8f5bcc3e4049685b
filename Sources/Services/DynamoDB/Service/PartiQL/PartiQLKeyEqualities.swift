internal import DynamoDBValues

/// A WHERE clause split into the part that identifies the item, and the rest.
struct PartiQLKeyEqualities: Sendable {
    /// The key attributes with an equality condition; all of them if `isComplete`.
    let key: AttributeMap
    let isComplete: Bool
    /// The other conditions on the item.
    let rest: [PartiQLExpression]

    init(
        _ condition: PartiQLExpression?, _ schema: KeySchema, _ parameters: PartiQLParameters
    ) throws(ValidationFailure) {
        var attributes: [AttributeChange] = []
        var names: Set<[UInt8]> = []
        var rest: [PartiQLExpression] = []
        for part in condition?.conjuncts ?? [] {
            guard let (name, value) = part.equality, schema.contains(name.utf8),
                names.insert(Array(name.utf8)).inserted
            else {
                rest.append(part)
                continue
            }
            attributes.append(AttributeChange(Array(name.utf8)[...], try parameters.value(value)))
        }
        self.key = AttributeMap(attributes)
        self.isComplete = attributes.count == schema.elements.count
        self.rest = rest
    }
}

extension PartiQLExpression {
    /// The attribute and the value of `attribute = value` or `value = attribute`.
    var equality: (name: String, value: PartiQLExpression)? {
        guard case .comparison(.equal, let left, let right) = self else { return nil }
        if let name = left.attributeName, right.isConstant { return (name, right) }
        if let name = right.attributeName, left.isConstant { return (name, left) }
        return nil
    }
}
