package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: QueryInput, _ context: RequestContext) -> [ResourceAccess] {
        let table = context.tableARN(input.tableName)
        let resource = input.indexName.map { "\(table)/index/\($0)" } ?? table
        return [ResourceAccess(action: "dynamodb:Query", resource: resource)]
    }

    package func query(_ input: QueryInput, _ context: RequestContext) async throws(ServiceError) -> QueryOutput {
        let reference = try TableReference(input.tableName, context)
        try validating { () throws(ValidationFailure) in
            try LegacyParameters.refuse([
                "AttributesToGet": input.attributesToGet != nil, "QueryFilter": input.queryFilter != nil,
                "ConditionalOperator": input.conditionalOperator != nil, "KeyConditions": input.keyConditions != nil,
            ])
            guard input.keyConditionExpression != nil else {
                throw ValidationFailure(
                    "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
                )
            }
        }
        let table = try await self.items.descriptor(reference)
        let plan = try validating { () throws(ValidationFailure) in try QueryPlan(input, table) }
        let answer = try await self.items.page(plan.request)
        var consumption = Consumption(input.tableName)
        consumption.addPage(answer, plan.request.index, isConsistent: input.consistentRead == true)
        return QueryOutput(
            items: plan.select.countsOnly ? nil : answer.items.map(plan.projection.apply),
            count: answer.count,
            scannedCount: answer.scannedCount,
            lastEvaluatedKey: answer.lastKey,
            consumedCapacity: consumption.report(input.returnConsumedCapacity)
        )
    }
}

/// A Query request, compiled.
private struct QueryPlan {
    let request: PageRequest
    let projection: ItemProjection
    let select: SelectRule

    init(_ input: QueryInput, _ table: TableDescriptor) throws(ValidationFailure) {
        let index = try IndexChoice.index(input.indexName, table, isConsistent: input.consistentRead == true)
        let schema = index?.schema ?? table.schema
        var context = try ExpressionContext(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues
        )
        var filter: Condition?
        if let text = input.filterExpression { filter = try context.condition(text, .filter) }
        self.projection = try ItemProjection(expression: input.projectionExpression, &context)
        let keyCondition = try context.keyCondition(input.keyConditionExpression ?? "").resolved(schema)
        try context.finish()
        try filter?.checkQueryFilter(schema)
        try filter?.check(table.keyNames)
        try self.projection.check(table)
        self.select = try SelectRule(input.select, hasProjection: !self.projection.isWhole, index: index)
        let isReverse = input.scanIndexForward == false
        let space = index.map { table.space(of: $0) } ?? table.space
        var range = keyCondition.range(space, schema, isIndex: index != nil)
        if let start = input.exclusiveStartKey {
            range = try StartKey.rest(of: range, after: start, table, index, reverse: isReverse)
        }
        var request = PageRequest(table: table, index: index, range: range)
        request.isReverse = isReverse
        request.limit = input.limit
        request.filter = filter
        request.partition = keyCondition.partition
        request.collectsItems = !self.select.countsOnly
        request.fetchesFromTable = SelectRule.fetches(
            input.select,
            hasProjection: !self.projection.isWhole,
            index: index
        )
        self.request = request
    }
}
