package import DynamoDBModel
internal import DynamoDBValues
package import ServiceModel

extension DynamoDBService {
    /// The limit on keys of one request, over all tables.
    static let batchGetKeysMax = 100
    /// The limit on bytes of items in one answer; the rest is returned as unprocessed keys.
    ///
    /// Decimal megabytes: for 100 items of 300 KB, the API Reference says that 52 are returned.
    /// - Source: DynamoDB API Reference, BatchGetItem.
    static let batchGetBytesMax = 16_000_000

    package func access(_ input: BatchGetItemInput, _ context: RequestContext) -> [ResourceAccess] {
        var list = AccessList(context)
        for (table, request) in input.requestItems.sorted(by: { $0.key < $1.key }) {
            let isProjected = request.projectionExpression != nil || request.attributesToGet != nil
            // A table may occur twice, by its name and by its ARN.
            list.add("BatchGetItem", table, variant: isProjected ? "projected" : "") { keys in
                for key in request.keys { keys.add(key) }
                keys.add(projection: request.projectionExpression, request.expressionAttributeNames)
                keys.add(attributes: request.attributesToGet)
                keys.set(select: nil, isProjected: isProjected)
                keys.set(returnConsumedCapacity: input.returnConsumedCapacity)
            }
        }
        return list.accesses
    }

    package func batchGetItem(
        _ input: BatchGetItemInput, _ context: RequestContext
    ) async throws(ServiceError) -> BatchGetItemOutput {
        let plans = try Self.plans(input, context)
        var responses: [String: [AttributeMap]] = [:]
        var unprocessed: [String: KeysAndAttributes] = [:]
        var capacities: [ConsumedCapacity] = []
        var answeredBytes = 0
        var isAnswered = false
        var throttled: Throttled?
        for plan in plans {
            let (table, items) = try await self.items.read(plan.reference, keys: plan.request.keys)
            try validating { () throws(ValidationFailure) in try plan.projection.check(table) }
            let consistency: CapacityUnits.ReadConsistency = plan.request.consistentRead == true ? .strong : .eventual
            var consumption = Consumption(plan.table, for: input.returnConsumedCapacity)
            var projectedBytes = 0
            var kept: [AttributeMap] = []
            var left: [AttributeMap] = []
            for (key, item) in zip(plan.request.keys, items) {
                let bytes = item?.itemBytes ?? 0
                guard answeredBytes + bytes <= Self.batchGetBytesMax else {
                    left.append(key)
                    continue
                }
                if let refusal = self.items.refusal(.read, key, table) {
                    throttled = refusal
                    left.append(key)
                    continue
                }
                let units = CapacityUnits.read(bytes: bytes, consistency)
                self.items.chargeRead(units, key, table)
                isAnswered = true
                answeredBytes += bytes
                consumption.add(units)
                guard let item else { continue }
                kept.append(plan.projection.apply(item))
                // Large items take long: the event loop's other connections get their turn.
                projectedBytes += bytes
                if projectedBytes > PageRequest.sliceBytesMax {
                    projectedBytes = 0
                    await Task.yield()
                }
            }
            responses[plan.table] = kept
            if !left.isEmpty {
                unprocessed[plan.table] = plan.request.replacingKeys(left)
            }
            if let report = consumption.report() { capacities.append(report) }
        }
        // Nothing could be read.
        if let throttled, !isAnswered { throw throttled.error }
        return BatchGetItemOutput(
            responses: responses,
            unprocessedKeys: unprocessed,
            consumedCapacity: capacities.isEmpty ? nil : capacities
        )
    }

    /// AWS's error of this operation has its newer form, without the value; BatchWriteItem's has another wording.
    /// - Source: answers of 32 of 33 regions in September 2026, as quoted in public issues.
    private static let noTables =
        "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: "
        + "Member must have length greater than or equal to 1"

    private struct Plan {
        let table: String
        let reference: TableReference
        let request: KeysAndAttributes
        let projection: ItemProjection
    }

    private static func plans(
        _ input: BatchGetItemInput, _ context: RequestContext
    ) throws(ServiceError) -> [Plan] {
        var plans: [Plan] = []
        guard !input.requestItems.isEmpty else { throw .validation(self.noTables) }
        guard input.requestItems.values.reduce(0, { $0 + $1.keys.count }) <= Self.batchGetKeysMax else {
            throw .validation("Too many items requested for the BatchGetItem call")
        }
        try validating { () throws(ValidationFailure) in try Self.checkNotMixed(input.requestItems.values) }
        for (table, request) in input.requestItems.sorted(by: { $0.key < $1.key }) {
            let reference = try TableReference(table, context)
            let projection = try validating { () throws(ValidationFailure) in
                try Self.check(request.keys)
                return try ItemProjection(
                    expression: request.projectionExpression,
                    names: request.expressionAttributeNames,
                    attributesToGet: request.attributesToGet
                )
            }
            plans.append(Plan(table: table, reference: reference, request: request, projection: projection))
        }
        return plans
    }

    /// The two kinds of parameters must not be mixed, not even for different tables.
    /// - Source: AWS's answers of June 2026, as ExtendDB's pull request 178 compares them.
    private static func checkNotMixed(_ requests: some Collection<KeysAndAttributes>) throws(ValidationFailure) {
        try LegacyParameters.checkNotMixed(
            [("AttributesToGet", requests.contains { $0.attributesToGet != nil })],
            with: [("ProjectionExpression", requests.contains { $0.projectionExpression != nil })]
        )
    }

    /// Checks on keys that do not depend on the table.
    private static func check(_ keys: [AttributeMap]) throws(ValidationFailure) {
        var seen: Set<AttributeMap> = []
        for key in keys {
            if let failure = key.failure { throw ValidationFailure(failure.message) }
            let sorted = key.attributes.sorted { $0.name.lexicographicallyPrecedes($1.name) }
            guard seen.insert(AttributeMap(sorted.map { ($0.name, $0.value) })).inserted else {
                throw ValidationFailure("Provided list of item keys contains duplicates")
            }
        }
    }
}

extension KeysAndAttributes {
    /// The same request for other keys.
    fileprivate func replacingKeys(_ keys: [AttributeMap]) -> KeysAndAttributes {
        var copy = self
        copy.keys = keys
        return copy
    }
}

extension BatchGetItemOutput: SizedOutput {
    package var heldBytes: Int {
        (self.responses ?? [:]).values.reduce(0) { $1.reduce($0) { $0 + $1.byteCount } }
    }
}
