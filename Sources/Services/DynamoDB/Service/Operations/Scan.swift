package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ScanInput, _ context: RequestContext) -> [ResourceAccess] {
        context.access("Scan", input.tableName, index: input.indexName) { keys in
            let names = input.expressionAttributeNames
            keys.add(condition: input.filterExpression, names, input.expressionAttributeValues, .filter)
            keys.add(projection: input.projectionExpression, names)
            keys.add(names: input.scanFilter?.keys)
            keys.add(attributes: input.attributesToGet)
            let isProjected = input.projectionExpression != nil || input.attributesToGet != nil
            keys.set(select: input.select, isProjected: isProjected)
            keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
        }
    }

    /// Order of checks: the parameters and expressions, the table, the index, the starting key, the attributes named by
    /// filter and projection.
    package func scan(_ input: ScanInput, _ context: RequestContext) async throws(ServiceError) -> ScanOutput {
        let reference = try TableReference(input.tableName, context)
        let expressions = try validating { () throws(ValidationFailure) in try ScanExpressions(input) }
        let table = try await self.items.descriptor(reference)
        let plan = try validating { () throws(ValidationFailure) in try ScanPlan(input, expressions, table) }
        let answer = try await self.items.page(plan.request)
        var consumption = Consumption(input.tableName, for: input.returnConsumedCapacity)
        consumption.addPage(answer, plan.request.index, isConsistent: input.consistentRead == true)
        return ScanOutput(
            items: plan.select.countsOnly ? nil : expressions.projection.apply(answer.items),
            count: answer.count,
            scannedCount: answer.scannedCount,
            lastEvaluatedKey: answer.lastKey,
            consumedCapacity: consumption.report()
        )
    }
}

/// The part of a table for one worker of a parallel scan: an equal share of the range of partition hashes.
///
/// - Source: the sentences: dynalite's `validations/scan.js`, whose author recorded DynamoDB's answers; the last one is
///   AWS's of October 2026, as moto 5.2.5 verifies it.
struct ScanSegment {
    let index: UInt64
    let count: UInt64

    init(_ segment: Int?, of total: Int?) throws(ValidationFailure) {
        switch (segment, total) {
        case (nil, nil):
            (self.index, self.count) = (0, 1)
        case (nil, _?):
            throw ValidationFailure(
                "The Segment parameter is required but was not present in the request when parameter "
                    + "TotalSegments is present"
            )
        case (_?, nil):
            throw ValidationFailure(
                "The TotalSegments parameter is required but was not present in the request when Segment "
                    + "parameter is present"
            )
        case (let segment?, let total?):
            guard segment < total else {
                throw ValidationFailure(
                    "The Segment parameter is zero-based and must be less than parameter TotalSegments"
                )
            }
            (self.index, self.count) = (UInt64(segment), UInt64(total))
        }
    }

    func range(_ space: KeySpace) -> KeyRange {
        let whole = KeyRange(prefix: space.prefix)
        guard self.count > 1 else { return whole }
        func bound(_ number: UInt64) -> [UInt8] {
            var key = space.prefix
            // The share of 2^64 below `number`, exactly: 128-bit arithmetic.
            let share = UInt64(truncatingIfNeeded: (UInt128(number) << 64) / UInt128(self.count))
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                key.append(UInt8(truncatingIfNeeded: share >> shift))
            }
            return key
        }
        return KeyRange(
            start: self.index == 0 ? whole.start : bound(self.index),
            end: self.index + 1 == self.count ? whole.end : bound(self.index + 1)
        )
    }
}

/// The part of a Scan request that does not depend on its table.
private struct ScanExpressions {
    let segment: ScanSegment
    let filter: Condition?
    let projection: ItemProjection

    init(_ input: ScanInput) throws(ValidationFailure) {
        try LegacyParameters.checkNotMixed(
            [
                ("AttributesToGet", input.attributesToGet != nil), ("ScanFilter", input.scanFilter != nil),
                ("ConditionalOperator", input.conditionalOperator != nil),
            ],
            with: [
                ("ProjectionExpression", input.projectionExpression != nil),
                ("FilterExpression", input.filterExpression != nil),
            ]
        )
        try LegacyParameters.checkOperator(input.conditionalOperator, conditionCount: input.scanFilter?.count ?? 0)
        let legacyProjection = try LegacyParameters.projection(input.attributesToGet)
        let legacyFilter = try LegacyCondition.filter(input.scanFilter, input.conditionalOperator)
        try ExpressionParameters.check(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues,
            ["FilterExpression": input.filterExpression],
            hasProjection: input.projectionExpression != nil
        )
        try StartKey.checkValues(input.exclusiveStartKey)
        self.segment = try ScanSegment(input.segment, of: input.totalSegments)
        try SelectRule.check(
            input.select,
            expression: input.projectionExpression,
            attributesToGet: input.attributesToGet,
            hasIndex: input.indexName != nil
        )
        var context = try ExpressionContext(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues
        )
        if let text = input.filterExpression {
            let utf8Count = text.utf8.count
            guard utf8Count <= ExpressionKind.utf8CountMax else {
                throw ExpressionKind.filter.tooLarge(utf8Count: utf8Count)
            }
            self.filter = try context.condition(text, .filter)
        } else {
            self.filter = legacyFilter
        }
        self.projection = try ItemProjection(
            expression: input.projectionExpression, &context, legacy: legacyProjection
        )
        try context.finish()
    }
}

/// A Scan request, checked against its table.
private struct ScanPlan {
    let request: PageRequest
    let select: SelectRule

    init(_ input: ScanInput, _ expressions: ScanExpressions, _ table: TableDescriptor) throws(ValidationFailure) {
        let index = try IndexChoice.index(
            input.indexName, table, isConsistent: input.consistentRead == true,
            vectorRefusal: "Scan operation not supported on this index type")
        var start: StartKey?
        if let key = input.exclusiveStartKey { start = try StartKey(key, table, index, isQuery: false) }
        self.select = SelectRule(input.select, expressions.projection)
        try self.select.check(index, table)
        var range = expressions.segment.range(index.map { table.space(of: $0) } ?? table.space)
        if let start {
            try start.check(expressions.segment, range)
            range = start.rest(of: range, reverse: false)
        }
        try expressions.projection.check(table)
        try expressions.filter?.check(table.keyNames)
        var request = PageRequest(table: table, index: index, range: range)
        request.limit = input.limit
        request.isConsistent = input.consistentRead == true
        request.filter = expressions.filter
        request.collectsItems = !self.select.countsOnly
        request.fetchesFromTable = self.select.fetches(index, table)
        self.request = request
    }
}

extension ScanOutput: SizedOutput {
    package var heldBytes: Int {
        (self.items ?? []).reduce(0) { $0 + $1.byteCount }
    }
}
