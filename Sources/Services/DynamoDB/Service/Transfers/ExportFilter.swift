internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue

/// The filter and the projection of an export's items.
struct ExportFilter: Sendable {
    var specification: FilterSpecification

    init(_ specification: FilterSpecification) {
        self.specification = specification
    }

    // Stored

    /// - Returns: nil when the record has no filter.
    init?(_ fields: RecordFields) {
        guard fields.flag("isFiltered") else { return nil }
        var names: [String: String]?
        if let list = fields.texts("filterNames"), list.count.isMultiple(of: 2) {
            names = [:]
            for index in stride(from: 0, to: list.count, by: 2) { names?[list[index]] = list[index + 1] }
        }
        self.specification = FilterSpecification(
            filterExpression: fields.text("filterExpression"),
            projectionExpression: fields.text("filterProjection"),
            keyConditionExpression: fields.text("filterKeyCondition"),
            expressionAttributeNames: names,
            expressionAttributeValues: fields.bytes("filterValues").flatMap { AttributeMap(stored: $0) }
        )
    }

    func write(to fields: inout RecordFields) {
        fields.set("isFiltered", true)
        fields.set("filterExpression", self.specification.filterExpression)
        fields.set("filterProjection", self.specification.projectionExpression)
        fields.set("filterKeyCondition", self.specification.keyConditionExpression)
        fields.set("filterNames", self.specification.expressionAttributeNames?.flatMap { [$0.key, $0.value] })
        fields.set("filterValues", self.specification.expressionAttributeValues?.bytes)
    }

    // Applied

    /// A filter compiled for its table.
    struct Compiled: Sendable {
        let table: TableDescriptor
        let range: KeyRange?
        let partition: [ArraySlice<UInt8>]
        let filter: Condition?
        let projection: ItemProjection

        /// - Returns: the exported part of the item; nil when the item is not exported.
        func apply(_ item: AttributeMap) -> AttributeMap? {
            self.takes(item) ? self.projection.apply(item) : nil
        }

        /// The exported part of a changed item; nil when the item is not exported.
        ///
        /// "DynamoDB evaluates the filter against the latest image of each changed item. For a deleted item, DynamoDB
        /// evaluates the filter against the old image of the item, because the new image doesn't exist."
        /// - Source: DynamoDB Developer Guide, "Filtering a table export".
        func apply(_ change: WindowChange) -> WindowChange? {
            guard let latest = change.new ?? change.old, self.takes(latest) else { return nil }
            return WindowChange(
                old: change.old.map(self.projection.apply), new: change.new.map(self.projection.apply),
                time: change.time)
        }

        private func takes(_ item: AttributeMap) -> Bool {
            if let range = self.range {
                guard range.contains(KeyEncoder.tableKey(self.table.space, self.table.schema, item)) else {
                    return false
                }
                let isEqual = zip(self.table.schema.partition, self.partition).allSatisfy { element, content in
                    item[element.name].map { $0.content == content } ?? false
                }
                guard isEqual else { return false }
            }
            return self.filter?.holds(for: item) ?? true
        }
    }

    func compiled(_ table: TableDescriptor) throws(ValidationFailure) -> Compiled {
        let given = self.specification
        // - Source: an answer recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
        let texts = [given.filterExpression, given.projectionExpression, given.keyConditionExpression]
        let hasTerms = given.expressionAttributeNames != nil || given.expressionAttributeValues != nil
        guard hasTerms || texts.contains(where: { $0 != nil }) else {
            throw ValidationFailure("Invalid Request: Invalid FilterSpecification: The specification can not be empty")
        }
        var context = try ExpressionContext(
            names: given.expressionAttributeNames, values: given.expressionAttributeValues)
        var filter: Condition?
        if let text = given.filterExpression { filter = try context.condition(text, .filter) }
        var keyCondition: KeyCondition?
        if let text = given.keyConditionExpression { keyCondition = try context.keyCondition(text) }
        let projection = try ItemProjection(expression: given.projectionExpression, &context)
        try context.finish()
        let resolved = try keyCondition?.resolved(table.schema)
        try projection.check(table)
        if resolved != nil { try filter?.checkQueryFilter(table.schema) }
        try filter?.check(table.keyNames)
        return Compiled(
            table: table,
            range: resolved?.range(table.space, table.schema, isIndex: false),
            partition: resolved?.partition ?? [],
            filter: filter,
            projection: projection
        )
    }
}
