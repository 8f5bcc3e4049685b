internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

extension RequestContext {
    /// The accesses of statements: one for each action on each table or index. A statement that cannot be parsed has
    /// none, and is refused by the operation.
    ///
    /// - Source: DynamoDB Developer Guide, "IAM security policies with PartiQL for DynamoDB".
    func partiQLAccesses(
        _ statements: [(text: String, parameters: [BoundAttributeValue]?)], enclosing operation: String? = nil
    ) -> [ResourceAccess] {
        var list = AccessList(self)
        for (text, given) in statements {
            guard let (statement, parameterCount) = try? PartiQLParser.statement(text) else { continue }
            let source = statement.source
            let action = String(statement.action.dropFirst("dynamodb:".count))
            list.add(action, source.table, index: source.index, variant: statement.accessVariant) { keys in
                guard let parameters = try? PartiQLParameters(given, expected: parameterCount) else { return }
                keys.add(statement, parameters)
            }
        }
        return list.accesses.map { access in
            var access = access
            if let operation { access.conditionKeys["dynamodb:EnclosingOperation"] = [operation] }
            return access
        }
    }
}

extension PartiQLStatement {
    /// The condition keys of what the statement returns, which have one value for each access.
    fileprivate var accessVariant: String {
        switch self {
        case .select(let select), .exists(let select): select.columns == nil ? "" : "projected"
        case .insert, .update, .delete: self.returning?.rawValue ?? ""
        }
    }
}

// A statement that is wrong adds no keys: the operation refuses it.
extension ItemConditionKeys {
    fileprivate mutating func add(_ statement: PartiQLStatement, _ parameters: PartiQLParameters) {
        switch statement {
        case .select(let select), .exists(let select): self.add(select, parameters)
        case .insert(let insert):
            if let item = try? parameters.item(insert.item) { self.add(item) }
        case .update(let update):
            self.add(target: update.condition, parameters)
            for change in update.changes {
                self.add(attributes: change.path[...].attribute.map { [$0] })
                self.add(attributes: change.value?.attributeNames)
            }
            self.set(returnValues: update.returning.map(Self.returnValue))
        case .delete(let delete):
            self.add(target: delete.condition, parameters)
            self.set(returnValues: delete.returning.map(Self.returnValue))
        }
    }

    private mutating func add(_ select: PartiQLSelect, _ parameters: PartiQLParameters) {
        self.add(attributes: select.condition?.attributeNames)
        self.add(attributes: select.columns?.compactMap { $0.path[...].attribute })
        self.add(attributes: select.order.map(\.name))
        self.set(select: nil, isProjected: select.columns != nil)
        guard let schema = self.schema,
            let path = try? PartiQLAccessPath(select, schema, isIndex: select.source.index != nil, parameters)
        else { return }
        for partition in path.partitions ?? [] { self.add(partition) }
        self.set(isFullTableScan: path.partitions == nil)
    }

    /// Adds the item that a WHERE clause specifies, and the attributes of its other conditions.
    private mutating func add(target condition: PartiQLExpression?, _ parameters: PartiQLParameters) {
        self.add(attributes: condition?.attributeNames)
        guard let schema = self.schema, let target = try? PartiQLKeyEqualities(condition, schema, parameters) else {
            return
        }
        self.add(target.key)
    }

    private static func returnValue(_ returning: PartiQLReturning) -> ReturnValue {
        switch returning {
        case .allOld: .allOld
        case .allNew: .allNew
        case .modifiedOld: .updatedOld
        case .modifiedNew: .updatedNew
        }
    }
}

extension PartiQLExpression {
    /// The top-level attributes that the expression names; duplicates are possible.
    fileprivate var attributeNames: [String] {
        switch self {
        case .text, .number, .boolean, .null, .parameter: []
        case .path(let path): path[...].attribute.map { [$0] } ?? []
        case .list(let parts), .set(let parts), .call(_, let parts), .and(let parts), .or(let parts):
            parts.flatMap(\.attributeNames)
        case .map(let entries): entries.flatMap(\.value.attributeNames)
        case .arithmetic(_, let left, let right), .comparison(_, let left, let right):
            left.attributeNames + right.attributeNames
        case .between(let value, let lower, let upper):
            value.attributeNames + lower.attributeNames + upper.attributeNames
        case .oneOf(let value, let candidates): value.attributeNames + candidates.flatMap(\.attributeNames)
        case .isMissing(let value), .isType(let value, _), .not(let value): value.attributeNames
        }
    }
}
