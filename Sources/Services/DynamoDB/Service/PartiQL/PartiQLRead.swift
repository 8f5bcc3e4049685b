internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

/// A SELECT, checked against its table.
struct PartiQLRead {
    /// The largest number of partitions that one page reads.
    ///
    /// DEVIATION: AWS documents a number of items, and further pages for longer lists; here the values of the list are
    /// counted.
    /// - Source: DynamoDB Developer Guide, "PartiQL operators", `IN`: "in pages of up to 10 items".
    static let partitionsPerPageMax = 10

    let table: TableDescriptor
    let index: IndexDescriptor?
    private let select: PartiQLSelect
    private let path: PartiQLAccessPath
    private let filter: Condition?
    private let isReverse: Bool
    private let fetchesFromTable: Bool
    private let isConsistent: Bool

    init(
        _ select: PartiQLSelect, _ parameters: PartiQLParameters, _ table: TableDescriptor, isConsistent: Bool
    ) throws(ValidationFailure) {
        try table.checkPartiQL()
        self.select = select
        self.table = table
        self.index = try Self.index(select.source.index, table, isConsistent: isConsistent)
        let schema = self.index?.schema ?? table.schema
        self.filter = try PartiQLLowering.condition(select.condition.map { [$0] } ?? [], parameters, .filter)
        self.path = try PartiQLAccessPath(select, schema, isIndex: self.index != nil, parameters)
        try select.checkOrder(schema, self.path)
        try select.checkColumns(table)
        let rule = SelectRule(nil, names: (select.columns ?? []).compactMap(\.path.first?.text))
        try rule.check(self.index, table)
        try self.filter?.check(table.keyNames)
        self.fetchesFromTable = rule.fetches(self.index, table)
        self.isReverse = select.isReverse(schema)
        self.isConsistent = isConsistent
    }

    private static func index(
        _ name: String?, _ table: TableDescriptor, isConsistent: Bool
    ) throws(ValidationFailure) -> IndexDescriptor? {
        guard let name else { return nil }
        // Two sentences differ from those of Query and Scan, as conformance tests of September 2026 found on AWS.
        guard let index = table.index(name), index.state != .deleting else {
            throw ValidationFailure("The table does not have the specified index")
        }
        guard !(index.isGlobal && isConsistent) else {
            throw ValidationFailure("Strongly consistent read is not supported on Global Secondary Indexes")
        }
        return try IndexChoice.index(name, table, isConsistent: isConsistent)
    }

    /// One page, and where the next one begins; `limit` counts the items read, before the filter.
    func page(
        _ items: ItemStore, from start: PartiQLNextToken?, limit: Int?
    ) async throws(ServiceError) -> (answer: PageAnswer, next: PartiQLNextToken?) {
        let count = self.path.partitions?.count ?? 1
        // `IN` with an empty list matches nothing.
        if count == 0, start == nil { return (PageAnswer(), nil) }
        let first = start?.partition ?? 0
        guard first < count else { throw .validation(.invalidNextToken) }
        let end = min(count, first + Self.partitionsPerPageMax)
        var whole = PageAnswer()
        for partition in first..<end {
            let key = partition == first ? start?.key : nil
            let left = limit.map { $0 - whole.scannedCount }
            let request = try validating { () throws(ValidationFailure) in
                try self.request(partition, after: key, limit: left)
            }
            whole.append(try await items.page(request))
            if let last = whole.lastKey, !self.path.isSingleItem {
                return (whole, PartiQLNextToken(partition: partition, key: last))
            }
            whole.lastKey = nil
            let isFull = whole.scannedCount == limit || whole.evaluatedBytes >= PageRequest.pageBytesMax
            if isFull, partition + 1 < count {
                return (whole, PartiQLNextToken(partition: partition + 1, key: nil))
            }
        }
        return (whole, end < count ? PartiQLNextToken(partition: end, key: nil) : nil)
    }

    private func request(
        _ partition: Int, after key: AttributeMap?, limit: Int?
    ) throws(ValidationFailure) -> PageRequest {
        let schema = self.index?.schema ?? self.table.schema
        let space = self.index.map { self.table.space(of: $0) } ?? self.table.space
        let condition = self.path.partitions?[partition]
        var range = condition?.range(space, schema, isIndex: self.index != nil) ?? KeyRange(prefix: space.prefix)
        if let key {
            do throws(ValidationFailure) {
                let start = try StartKey(key, self.table, self.index, isQuery: condition != nil)
                try start.check(try ScanSegment(nil, of: nil), range)
                range = start.rest(of: range, reverse: self.isReverse)
            } catch {
                throw .invalidNextToken
            }
        }
        var request = PageRequest(table: self.table, index: self.index, range: range)
        request.isReverse = self.isReverse
        request.isConsistent = self.isConsistent
        request.limit = limit
        request.filter = self.filter
        request.partition = condition?.partition
        request.fetchesFromTable = self.fetchesFromTable
        return request
    }
}

extension PageAnswer {
    /// Appends another page, and takes over its end.
    fileprivate mutating func append(_ page: PageAnswer) {
        self.items += page.items
        self.count += page.count
        self.scannedCount += page.scannedCount
        self.evaluatedBytes += page.evaluatedBytes
        self.lastKey = page.lastKey
        self.fetchedBytes += page.fetchedBytes
    }
}

extension PartiQLSelect {
    /// Refuses columns inside key attributes, which are scalars, and paths that are too long.
    func checkColumns(_ table: TableDescriptor) throws(ValidationFailure) {
        for column in self.columns ?? [] {
            guard column.path.count <= ExpressionKind.pathStepCountMax else {
                throw ExpressionKind.projection.invalid(
                    "The document path has too many nesting levels; nesting levels: \(column.path.count)"
                )
            }
            try table.keyNames.checkScalar(column.path[...])
        }
    }

    /// The columns of an item; of columns with the same name, the first one.
    func row(_ item: AttributeMap) -> AttributeMap {
        guard let columns = self.columns else { return item }
        var names: Set<[UInt8]> = []
        var row: [AttributeChange] = []
        for column in columns {
            let name = Array(column.name.utf8)
            guard let value = item.value(at: column.path[...]), names.insert(name).inserted else { continue }
            row.append(AttributeChange(name[...], value))
        }
        return AttributeMap(row)
    }
}
