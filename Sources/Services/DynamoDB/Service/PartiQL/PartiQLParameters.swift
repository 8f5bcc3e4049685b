internal import DynamoDBValues

/// The values of a statement's parameters, and the evaluation of literals.
struct PartiQLParameters: Sendable {
    private let values: [StoredValue]

    /// `expected` is the number of parameters in the statement.
    init(_ given: [BoundAttributeValue]?, expected: Int) throws(ValidationFailure) {
        let given = given ?? []
        guard given.count == expected else {
            throw ValidationFailure("Number of parameters in request and statement don't match.")
        }
        var values: [StoredValue] = []
        for parameter in given {
            if let failure = parameter.failure { throw ValidationFailure(failure.message) }
            if let value = parameter.stored { values.append(value) }
        }
        self.values = values
    }

    /// The value of a literal or a parameter.
    func value(_ expression: PartiQLExpression) throws(ValidationFailure) -> StoredValue {
        if case .parameter(let index) = expression { return self.values[index] }
        return try StoredValue(try self.tree(expression))
    }

    /// The attributes of an item.
    func item(_ expression: PartiQLExpression) throws(ValidationFailure) -> AttributeMap {
        guard expression.isConstant else { throw .unsupportedValue }
        let value = try self.value(expression)
        guard value.type == .m else { throw .malformedStatement("Expected a tuple as the item") }
        return AttributeMap(value.entries.map { AttributeChange($0.name, $0.value) })
    }

    private func tree(_ expression: PartiQLExpression) throws(ValidationFailure) -> AttributeValue {
        switch expression {
        case .text(let text): return .s(text)
        case .number(let text): return .n(try DynamoDBNumber(text))
        case .boolean(let value): return .bool(value)
        case .null: return .null
        case .parameter(let index): return self.values[index].tree
        case .list(let elements): return .l(try self.trees(elements))
        case .set(let elements): return try Self.set(try self.trees(elements))
        case .map(let entries):
            var names: Set<[UInt8]> = []
            var tree: [AttributeTree.Entry] = []
            for (name, value) in entries {
                guard names.insert(Array(name.utf8)).inserted else {
                    // DEVIATION: AWS's wording is not known.
                    throw ValidationFailure("Duplicate attribute name in a tuple: \(name)")
                }
                tree.append(.init(name, try self.tree(value)))
            }
            return .m(AttributeTree(tree))
        default: throw .unsupportedValue
        }
    }

    private func trees(_ expressions: [PartiQLExpression]) throws(ValidationFailure) -> [AttributeValue] {
        var trees: [AttributeValue] = []
        for expression in expressions { trees.append(try self.tree(expression)) }
        return trees
    }

    /// A set of strings, of numbers or of binary values.
    private static func set(_ members: [AttributeValue]) throws(ValidationFailure) -> AttributeValue {
        var texts: [String] = []
        var numbers: [DynamoDBNumber] = []
        var blobs: [[UInt8]] = []
        for member in members {
            switch member {
            case .s(let text): texts.append(text)
            case .n(let number): numbers.append(number)
            case .b(let bytes): blobs.append(bytes)
            default: throw .mixedSet
            }
        }
        if texts.count == members.count {
            try self.check(.ss, texts.map { Array($0.utf8)[...] })
            return .ss(texts)
        }
        if numbers.count == members.count {
            try self.check(.ns, numbers.map { Array($0.text.utf8)[...] })
            return .ns(numbers)
        }
        guard blobs.count == members.count else { throw .mixedSet }
        try self.check(.bs, blobs.map { $0[...] })
        return .bs(blobs)
    }

    private static func check(_ type: AttributeType, _ members: [ArraySlice<UInt8>]) throws(ValidationFailure) {
        if let refusal = SetRule.refusal(type, members) { throw ValidationFailure(refusal) }
    }
}

extension ValidationFailure {
    // DEVIATION: AWS's wording of these two is not known.
    fileprivate static let mixedSet = ValidationFailure(
        "A set must have members of one type, which is string, number or binary"
    )
    static let unsupportedValue = ValidationFailure(
        "Only literals and parameters are supported where a value is expected"
    )
}
