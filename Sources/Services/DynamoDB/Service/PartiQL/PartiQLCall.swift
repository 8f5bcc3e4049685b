internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// A statement with its parameters, as in the requests of the three operations.
struct PartiQLCall: Sendable {
    let text: String
    let statement: PartiQLStatement
    let parameters: PartiQLParameters
    /// The part of the request's digest besides the statement.
    private let given: [BoundAttributeValue]
    private let returnsOld: ReturnValuesOnConditionCheckFailure?

    init(
        _ text: String, _ parameters: [BoundAttributeValue]?, _ returnsOld: ReturnValuesOnConditionCheckFailure?
    ) throws(ValidationFailure) {
        let (statement, parameterCount) = try PartiQLParser.statement(text)
        self.text = text
        self.statement = statement
        self.parameters = try PartiQLParameters(parameters, expected: parameterCount)
        self.given = parameters ?? []
        self.returnsOld = returnsOld
        if case .delete(let delete) = statement, let returning = delete.returning, returning != .allOld {
            // DEVIATION: AWS's wording is not known.
            throw ValidationFailure("RETURNING \(returning.rawValue) * is not supported in a DELETE statement")
        }
    }

    func addTo(_ digest: inout RequestDigest) {
        digest.add(self.text)
        for value in self.given {
            digest.add(value.stored.map { AttributeMap([AttributeChange([], $0)]) })
        }
        digest.add(self.returnsOld?.rawValue)
    }

    /// The key of the single item that a SELECT in a batch or transaction reads; `sentence` is the error when the WHERE
    /// clause does not consist of exactly this key.
    func readKey(
        _ select: PartiQLSelect, _ table: TableDescriptor, _ sentence: String
    ) throws(ServiceError) -> AttributeMap {
        try validating { () throws(ValidationFailure) in
            try table.checkPartiQL()
            try select.checkColumns(table)
            let target = try PartiQLKeyEqualities(select.condition, table.schema, self.parameters)
            guard target.isComplete, target.rest.isEmpty, select.source.index == nil else {
                throw ValidationFailure(sentence)
            }
            return target.key
        }
    }

    /// The write that the statement makes.
    ///
    /// - Throws: for a SELECT; and, with `needsWholeKey`, for a WHERE clause that does not specify a single item.
    ///   Without it the key may be incomplete, and is refused when the write is checked against the table.
    func write(
        _ table: TableDescriptor, needsWholeKey: Bool, _ context: RequestContext
    ) throws(ServiceError) -> TransactAction {
        let reference = try TableReference(self.statement.source.table, context)
        let name = self.statement.source.table
        return try validating { () throws(ValidationFailure) in
            try table.checkPartiQL()
            switch self.statement {
            // Not called for reads, which are executed separately.
            case .select: throw ValidationFailure("Unsupported operation: SELECT")
            case .insert(let insert):
                let item = try self.parameters.item(insert.item)
                try ItemCheck.size(item)
                return TransactAction(inserting: item, reference, name)
            case .update(let update):
                let target = try self.target(update.condition, table, needsWholeKey: needsWholeKey)
                let plan = try PartiQLLowering.update(update.changes, self.parameters)
                let condition = try self.condition(target.rest, isPresent: true, table)
                return TransactAction(updating: target.key, ItemUpdate(plan, condition), reference, name)
            case .delete(let delete):
                let target = try self.target(delete.condition, table, needsWholeKey: needsWholeKey)
                let condition = try self.condition(target.rest, isPresent: false, table)
                return TransactAction(deletingPresent: target.key, condition, reference, name)
            case .exists(let select):
                let target = try PartiQLKeyEqualities(select.condition, table.schema, self.parameters)
                guard target.isComplete, !target.rest.isEmpty, select.source.index == nil else {
                    throw ValidationFailure(
                        "EXISTS takes a SELECT of one item by its primary key with a further condition")
                }
                let condition = try self.condition(target.rest, isPresent: true, table)
                return TransactAction(checking: target.key, condition, reference, name)
            }
        }
    }

    private func target(
        _ condition: PartiQLExpression?, _ table: TableDescriptor, needsWholeKey: Bool
    ) throws(ValidationFailure) -> PartiQLKeyEqualities {
        let target = try PartiQLKeyEqualities(condition, table.schema, self.parameters)
        guard target.isComplete || !needsWholeKey else {
            throw ValidationFailure("Where clause does not contain a mandatory equality on all key attributes")
        }
        return target
    }

    private func condition(
        _ parts: [PartiQLExpression], isPresent: Bool, _ table: TableDescriptor
    ) throws(ValidationFailure) -> WriteCondition {
        let present = isPresent ? table.schema.partition[0].name : nil
        let condition = try PartiQLLowering.condition(parts, present: present, self.parameters, .condition)
        return WriteCondition(condition, returnsOld: self.returnsOld)
    }
}

/// The result of one statement.
struct PartiQLAnswer: Sendable {
    var items: [AttributeMap] = []
    var nextToken: String?
    var lastKey: AttributeMap?
    var consumption: Consumption
}

extension TableDescriptor {
    // DEVIATION: our own wording; AWS's sentence could not be confirmed.
    func checkPartiQL() throws(ValidationFailure) {
        guard self.indexes.contains(where: { $0.schema.partition.count > 1 || $0.schema.sort.count > 1 }) else {
            return
        }
        throw ValidationFailure(
            "PartiQL cannot be used on a table with an index whose key has several partition or several sort attributes"
        )
    }
}
