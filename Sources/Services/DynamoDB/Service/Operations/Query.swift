package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: QueryInput, _ context: RequestContext) -> [ResourceAccess] {
        context.access("Query", input.tableName, index: input.indexName) { keys in
            let (names, values) = (input.expressionAttributeNames, input.expressionAttributeValues)
            if let text = input.keyConditionExpression {
                keys.add(
                    keyCondition: ItemConditionKeys.compiled(text, names, values) {
                        (text, context) throws(ValidationFailure) in try context.keyCondition(text)
                    })
            } else {
                keys.add(keyCondition: input.keyConditions.flatMap { try? LegacyKeyCondition.keyCondition($0) })
            }
            keys.add(condition: input.filterExpression, names, values, .filter)
            keys.add(projection: input.projectionExpression, names)
            keys.add(names: input.queryFilter?.keys)
            keys.add(attributes: input.attributesToGet)
            let isProjected = input.projectionExpression != nil || input.attributesToGet != nil
            keys.set(select: input.select, isProjected: isProjected)
            keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
        }
    }

    /// Order of checks: the parameters and expressions, the table, the index, the key condition, the starting key, the
    /// attributes named by filter and projection.
    package func query(_ input: QueryInput, _ context: RequestContext) async throws(ServiceError) -> QueryOutput {
        let reference = try TableReference(input.tableName, context)
        let expressions = try QueryExpressions.read(input)
        let table = try await self.items.descriptor(reference)
        let plan = try validating { () throws(ValidationFailure) in try QueryPlan.make(input, expressions, table) }
        let answer = try await self.items.page(plan.request)
        var consumption = Consumption(input.tableName, for: input.returnConsumedCapacity)
        consumption.addPage(answer, plan.request.index, isConsistent: input.consistentRead == true)
        return QueryOutput(
            items: plan.select.countsOnly ? nil : expressions.projection.apply(answer.items),
            count: answer.count,
            scannedCount: answer.scannedCount,
            lastEvaluatedKey: answer.lastKey,
            consumedCapacity: consumption.report()
        )
    }
}

/// The part of a Query request that does not depend on its table.
private struct QueryExpressions {
    let keyCondition: KeyCondition
    let filter: Condition?
    /// AWS's name for the filter in messages.
    let filterParameter: String
    let projection: ItemProjection

    // A function instead of an initialiser: initialisers copy their arguments.
    static func read(_ input: QueryInput) throws(ServiceError) -> QueryExpressions {
        let legacy = try validating { () throws(ValidationFailure) in try LegacyQuery.read(input) }
        try validating { () throws(ValidationFailure) in
            try SelectRule.check(
                input.select,
                expression: input.projectionExpression,
                attributesToGet: input.attributesToGet,
                hasIndex: input.indexName != nil
            )
        }
        return try validating { () throws(ValidationFailure) in
            var context = try ExpressionContext(
                names: input.expressionAttributeNames,
                values: input.expressionAttributeValues
            )
            var filter = legacy.filter
            if let text = input.filterExpression { filter = try context.condition(text, .filter) }
            let projection = try ItemProjection(
                expression: input.projectionExpression, &context, legacy: legacy.projection
            )
            let keyCondition: KeyCondition
            if let text = input.keyConditionExpression {
                keyCondition = try context.keyCondition(text)
            } else {
                keyCondition = try LegacyKeyCondition.keyCondition(input.keyConditions ?? [:])
            }
            try context.finish()
            return QueryExpressions(
                keyCondition: keyCondition, filter: filter,
                filterParameter: input.queryFilter == nil ? "Filter Expression" : "QueryFilter", projection: projection)
        }
    }
}

/// The legacy parameters of a Query request, except KeyConditions, which AWS checks later.
private struct LegacyQuery {
    let filter: Condition?
    let projection: Projection?

    static func read(_ input: QueryInput) throws(ValidationFailure) -> LegacyQuery {
        try LegacyParameters.checkNotMixed(
            [
                ("AttributesToGet", input.attributesToGet != nil), ("QueryFilter", input.queryFilter != nil),
                ("ConditionalOperator", input.conditionalOperator != nil),
                // KeyConditions can be combined with the other expressions.
                ("KeyConditions", input.keyConditions != nil && input.keyConditionExpression != nil),
            ],
            with: [
                ("ProjectionExpression", input.projectionExpression != nil),
                ("FilterExpression", input.filterExpression != nil),
                ("KeyConditionExpression", input.keyConditionExpression != nil),
            ]
        )
        try LegacyParameters.checkOperator(input.conditionalOperator, conditionCount: input.queryFilter?.count ?? 0)
        let filter = try LegacyCondition.filter(input.queryFilter, input.conditionalOperator)
        let projection = try LegacyParameters.projection(input.attributesToGet)
        try StartKey.checkValues(input.exclusiveStartKey)
        guard input.keyConditions != nil || input.keyConditionExpression != nil else {
            throw ValidationFailure(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
            )
        }
        try ExpressionParameters.check(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues,
            [
                "FilterExpression": input.filterExpression, "KeyConditionExpression": input.keyConditionExpression,
            ],
            hasProjection: input.projectionExpression != nil,
            namesParameters: false
        )
        return LegacyQuery(filter: filter, projection: projection)
    }
}

/// A Query request, checked against its table.
private struct QueryPlan {
    let request: PageRequest
    let select: SelectRule

    static func make(
        _ input: QueryInput, _ expressions: QueryExpressions, _ table: TableDescriptor
    ) throws(ValidationFailure) -> QueryPlan {
        let index = try IndexChoice.index(
            input.indexName, table, isConsistent: input.consistentRead == true,
            vectorRefusal: "Query operation not supported on this index type.")
        let schema = index?.schema ?? table.schema
        var start: StartKey?
        if let key = input.exclusiveStartKey { start = try StartKey(key, table, index, isQuery: true) }
        let keyCondition = try expressions.keyCondition.resolved(schema)
        try start?.check(keyCondition)
        try expressions.projection.check(table)
        try expressions.filter?.checkQueryFilter(schema, parameter: expressions.filterParameter)
        let select = SelectRule(input.select, expressions.projection)
        try select.check(index, table)
        try expressions.filter?.check(table.keyNames)
        let isReverse = input.scanIndexForward == false
        let space = index.map { table.space(of: $0) } ?? table.space
        var range = keyCondition.range(space, schema, isIndex: index != nil)
        if let start { range = start.rest(of: range, reverse: isReverse) }
        var request = PageRequest(table: table, index: index, range: range)
        request.isReverse = isReverse
        request.limit = input.limit
        request.isConsistent = input.consistentRead == true
        request.filter = expressions.filter
        request.partition = keyCondition.partition
        request.collectsItems = !select.countsOnly
        request.fetchesFromTable = select.fetches(index, table)
        return QueryPlan(request: request, select: select)
    }
}

extension QueryOutput: SizedOutput {
    package var heldBytes: Int {
        (self.items ?? []).reduce(0) { $0 + $1.byteCount }
    }
}
