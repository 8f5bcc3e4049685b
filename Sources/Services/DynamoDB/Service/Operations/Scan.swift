package import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ScanInput, _ context: RequestContext) -> [ResourceAccess] {
        let table = context.tableARN(input.tableName)
        let resource = input.indexName.map { "\(table)/index/\($0)" } ?? table
        return [ResourceAccess(action: "dynamodb:Scan", resource: resource)]
    }

    package func scan(_ input: ScanInput, _ context: RequestContext) async throws(ServiceError) -> ScanOutput {
        let reference = try TableReference(input.tableName, context)
        let segment = try validating { () throws(ValidationFailure) in
            try LegacyParameters.refuse([
                "AttributesToGet": input.attributesToGet != nil, "ScanFilter": input.scanFilter != nil,
                "ConditionalOperator": input.conditionalOperator != nil,
            ])
            return try ScanSegment(input.segment, of: input.totalSegments)
        }
        let table = try await self.items.descriptor(reference)
        let plan = try validating { () throws(ValidationFailure) in try ScanPlan(input, table, segment) }
        let answer = try await self.items.page(plan.request)
        var consumption = Consumption(input.tableName)
        consumption.addPage(answer, plan.request.index, isConsistent: input.consistentRead == true)
        return ScanOutput(
            items: plan.select.countsOnly ? nil : answer.items.map(plan.projection.apply),
            count: answer.count,
            scannedCount: answer.scannedCount,
            lastEvaluatedKey: answer.lastKey,
            consumedCapacity: consumption.report(input.returnConsumedCapacity)
        )
    }
}

/// The part of a table that one worker of a parallel scan reads: an equal share of the partition hashes.
private struct ScanSegment {
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
                    "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
                        + "Segment: \(segment) is not less than TotalSegments: \(total)"
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

/// A Scan request, compiled.
private struct ScanPlan {
    let request: PageRequest
    let projection: ItemProjection
    let select: SelectRule

    init(_ input: ScanInput, _ table: TableDescriptor, _ segment: ScanSegment) throws(ValidationFailure) {
        let index = try IndexChoice.index(input.indexName, table, isConsistent: input.consistentRead == true)
        try ExpressionParameters.check(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues,
            ["FilterExpression": input.filterExpression, "ProjectionExpression": input.projectionExpression]
        )
        var context = try ExpressionContext(
            names: input.expressionAttributeNames,
            values: input.expressionAttributeValues
        )
        var filter: Condition?
        if let text = input.filterExpression { filter = try context.condition(text, .filter) }
        self.projection = try ItemProjection(expression: input.projectionExpression, &context)
        try context.finish()
        try filter?.check(table.keyNames)
        try self.projection.check(table)
        self.select = try SelectRule(input.select, hasProjection: !self.projection.isWhole, index: index)
        var range = segment.range(index.map { table.space(of: $0) } ?? table.space)
        if let start = input.exclusiveStartKey {
            range = try StartKey.rest(of: range, after: start, table, index, reverse: false)
        }
        var request = PageRequest(table: table, index: index, range: range)
        request.limit = input.limit
        request.filter = filter
        request.collectsItems = !self.select.countsOnly
        request.fetchesFromTable = SelectRule.fetches(
            input.select,
            hasProjection: !self.projection.isWhole,
            index: index
        )
        self.request = request
    }
}
