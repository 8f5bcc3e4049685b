internal import DynamoDBValues

/// The part of a WHERE clause that says which item it is about, and the rest of it.
struct PartiQLKeyEqualities: Sendable {
    /// The key attributes that must be equal to something; all of them where `isComplete`.
    let key: AttributeMap
    let isComplete: Bool
    /// What must hold of the item besides.
    let rest: [PartiQLExpression]

    init(
        _ condition: PartiQLExpression?, _ schema: KeySchema, _ parameters: PartiQLParameters
    ) throws(ValidationFailure) {
        var attributes: [AttributeChange] = []
        var names: Set<String> = []
        var rest: [PartiQLExpression] = []
        for part in condition?.conjuncts ?? [] {
            guard let (name, value) = part.equality, schema.contains(name.utf8), names.insert(name).inserted else {
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
    /// The attribute and the value of `attribute = value`, whichever stands on the left.
    var equality: (name: String, value: PartiQLExpression)? {
        guard case .comparison(.equal, let left, let right) = self else { return nil }
        if let name = left.attributeName, right.isConstant { return (name, right) }
        if let name = right.attributeName, left.isConstant { return (name, left) }
        return nil
    }
}
