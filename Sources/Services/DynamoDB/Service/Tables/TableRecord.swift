internal import DynamoDBValues
internal import Primitives

/// The stored form of a table descriptor: an item, so that fields can be added without a new format.
enum TableRecord {
    static func encode(_ table: TableDescriptor) -> [UInt8] {
        var tree = AttributeTree([
            .init("name", .s(table.name)), .init("account", .s(table.account.description)),
            .init("region", .s(table.region.description)), .init("number", self.number(Int(table.number))),
            .init("tableId", .s(table.tableID)),
            .init("creation", self.number(Int(table.creation.millisecondsSinceEpoch))),
            .init("schema", self.schema(table.schema)), .init("onDemand", .bool(table.isOnDemand)),
            .init("throughput", self.throughput(table.throughput)),
            .init("deletionProtection", .bool(table.isDeletionProtected)),
            .init("indexes", .l(table.indexes.map(self.index))),
        ])
        if !table.vectorIndexes.isEmpty { tree["vectorIndexes"] = .l(table.vectorIndexes.map(self.vectorIndex)) }
        tree["tableClass"] = table.tableClass.map { .s($0) }
        tree["stream"] = table.latestStream.map(self.stream)
        tree["onDemandLimit"] = table.settings.onDemandLimit.map(self.units)
        tree["warmThroughput"] = table.settings.warmThroughput.map(self.units)
        tree["encryptionKey"] = table.settings.encryptionKeyARN.map { .s($0) }
        if !table.settings.tags.isEmpty {
            tree["tags"] = .l(table.settings.tags.map { .l([.s($0.key), .s($0.value)]) })
        }
        self.setLife(table, &tree)
        self.add(table.expiry, to: &tree)
        self.add(table, to: &tree)
        tree["policies"] = table.policies.record
        if !table.kinesisDestinations.isEmpty {
            tree["kinesisDestinations"] = .l(table.kinesisDestinations.map(\.record))
        }
        tree["insights"] = table.insights.record
        tree["replication"] = table.replication?.record
        return AttributeMap(tree).bytes
    }

    /// - Returns: nil when the record is damaged.
    static func decode(_ bytes: [UInt8]) -> TableDescriptor? {
        guard let tree = AttributeMap(stored: bytes)?.tree, let name = self.text(tree["name"]),
            let account = self.text(tree["account"]).flatMap(AccountID.init),
            let region = self.text(tree["region"]).flatMap(Region.init),
            let number = self.integer(tree["number"]).flatMap(UInt64.init(exactly:)), number > 0,
            let tableID = self.text(tree["tableId"]), let creation = self.integer(tree["creation"]),
            let schema = self.schema(tree["schema"]), case .l(let indexes)? = tree["indexes"]
        else { return nil }
        var table = TableDescriptor(
            name: name,
            account: account,
            region: region,
            number: number,
            tableID: tableID,
            creation: Timestamp(millisecondsSinceEpoch: Int64(creation)),
            schema: schema,
            isOnDemand: tree["onDemand"] == .bool(true)
        )
        table.indexes = indexes.compactMap(self.index)
        guard table.indexes.count == indexes.count else { return nil }
        if case .l(let vectorIndexes)? = tree["vectorIndexes"] {
            table.vectorIndexes = vectorIndexes.compactMap(self.vectorIndex)
            guard table.vectorIndexes.count == vectorIndexes.count else { return nil }
        }
        table.throughput = self.throughput(tree["throughput"])
        table.isDeletionProtected = tree["deletionProtection"] == .bool(true)
        table.tableClass = self.text(tree["tableClass"])
        table.latestStream = self.stream(tree["stream"])
        table.settings.onDemandLimit = self.units(tree["onDemandLimit"])
        table.settings.warmThroughput = self.units(tree["warmThroughput"])
        table.settings.encryptionKeyARN = self.text(tree["encryptionKey"])
        table.settings.tags = self.tags(tree["tags"])
        self.readLife(tree, &table)
        table.expiry = self.expiry(tree)
        guard self.read(tree, into: &table) else { return nil }
        guard let policies = TablePolicies(record: tree["policies"]) else { return nil }
        table.policies = policies
        if case .l(let destinations)? = tree["kinesisDestinations"] {
            table.kinesisDestinations = destinations.compactMap(KinesisDestination.init(record:))
        }
        table.insights = ContributorInsights(record: tree["insights"])
        if let replication = tree["replication"] {
            guard let group = ReplicaGroup(record: replication) else { return nil }
            table.replication = group
        }
        return table
    }

    private static func stream(_ stream: TableStream) -> AttributeValue {
        .m(
            AttributeTree([
                .init("viewType", .s(stream.viewType)),
                .init("creation", self.number(Int(stream.creation.millisecondsSinceEpoch))),
                .init("enabled", .bool(stream.isEnabled)),
            ])
        )
    }

    private static func stream(_ value: AttributeValue?) -> TableStream? {
        guard case .m(let tree)? = value, let viewType = self.text(tree["viewType"]),
            let creation = self.integer(tree["creation"])
        else { return nil }
        return TableStream(
            viewType: viewType, creation: Timestamp(millisecondsSinceEpoch: Int64(creation)),
            isEnabled: tree["enabled"] == .bool(true))
    }

    static func number(_ value: Int) -> AttributeValue { .n(DynamoDBNumber(value)) }

    static func text(_ value: AttributeValue?) -> String? {
        guard case .s(let text)? = value else { return nil }
        return text
    }

    static func integer(_ value: AttributeValue?) -> Int? {
        guard case .n(let number)? = value else { return nil }
        return Int(number.text)
    }

    private static func throughput(_ value: Throughput) -> AttributeValue {
        .m(AttributeTree([.init("read", self.number(value.read)), .init("write", self.number(value.write))]))
    }

    private static func throughput(_ value: AttributeValue?) -> Throughput {
        guard case .m(let tree)? = value else { return Throughput(read: 0, write: 0) }
        return Throughput(read: self.integer(tree["read"]) ?? 0, write: self.integer(tree["write"]) ?? 0)
    }

    private static func units(_ value: UnitPair) -> AttributeValue {
        var tree = AttributeTree()
        tree["read"] = value.read.map(self.number)
        tree["write"] = value.write.map(self.number)
        return .m(tree)
    }

    private static func units(_ value: AttributeValue?) -> UnitPair? {
        guard case .m(let tree)? = value else { return nil }
        return UnitPair(read: self.integer(tree["read"]), write: self.integer(tree["write"]))
    }

    private static func tags(_ value: AttributeValue?) -> [TableTag] {
        guard case .l(let values)? = value else { return [] }
        return values.compactMap { value in
            guard case .l(let pair) = value, pair.count == 2, let key = self.text(pair[0]),
                let text = self.text(pair[1])
            else { return nil }
            return TableTag(key: key, value: text)
        }
    }

    static func schema(_ schema: KeySchema) -> AttributeValue {
        .m(
            AttributeTree([
                .init("partition", self.elements(schema.partition)), .init("sort", self.elements(schema.sort)),
            ])
        )
    }

    static func elements(_ elements: [KeyElement]) -> AttributeValue {
        .l(elements.map { .l([.s($0.name), .s($0.type.descriptor)]) })
    }

    static func schema(_ value: AttributeValue?) -> KeySchema? {
        guard case .m(let tree)? = value, let partition = self.elements(tree["partition"]),
            let sort = self.elements(tree["sort"]), (1...KeySchema.elementCountMax).contains(partition.count),
            sort.count <= KeySchema.elementCountMax
        else { return nil }
        return KeySchema(partition: partition, sort: sort)
    }

    static func elements(_ value: AttributeValue?) -> [KeyElement]? {
        guard case .l(let values)? = value else { return nil }
        let elements = values.compactMap { value -> KeyElement? in
            guard case .l(let pair) = value, pair.count == 2, let name = self.text(pair[0]),
                let type = self.text(pair[1]).flatMap(AttributeType.init(descriptor:)),
                type == .s || type == .n || type == .b
            else { return nil }
            return KeyElement(name, type)
        }
        return elements.count == values.count ? elements : nil
    }

    private static func index(_ index: IndexDescriptor) -> AttributeValue {
        var tree = AttributeTree([
            .init("name", .s(index.name)), .init("number", self.number(Int(index.number))),
            .init("global", .bool(index.isGlobal)), .init("schema", self.schema(index.schema)),
            .init("throughput", self.throughput(index.throughput)),
        ])
        tree["projection"] = self.projection(index.projection)
        tree["onDemandLimit"] = index.onDemandLimit.map(self.units)
        tree["warmThroughput"] = index.warmThroughput.map(self.units)
        tree["state"] = self.state(index.state)
        tree["throughputHistory"] = self.history(index.throughputHistory)
        return .m(tree)
    }

    private static func index(_ value: AttributeValue) -> IndexDescriptor? {
        guard case .m(let tree) = value, let name = self.text(tree["name"]),
            let number = self.integer(tree["number"]).flatMap(UInt16.init(exactly:)), number > 0,
            let schema = self.schema(tree["schema"]), let projection = self.projection(tree["projection"]),
            let state = self.state(tree["state"])
        else { return nil }
        return IndexDescriptor(
            name: name,
            number: number,
            isGlobal: tree["global"] == .bool(true),
            schema: schema,
            projection: projection,
            state: state,
            throughput: self.throughput(tree["throughput"]),
            throughputHistory: self.history(tree["throughputHistory"]),
            onDemandLimit: self.units(tree["onDemandLimit"]),
            warmThroughput: self.units(tree["warmThroughput"])
        )
    }

    static func projection(_ projection: IndexDescriptor.Projection) -> AttributeValue {
        switch projection {
        case .all: .s("ALL")
        case .keysOnly: .s("KEYS_ONLY")
        case .include(let names): .l(names.map { .s($0) })
        }
    }

    static func projection(_ value: AttributeValue?) -> IndexDescriptor.Projection? {
        switch value {
        case .s("ALL"): .all
        case .s("KEYS_ONLY"): .keysOnly
        case .l(let names): .include(names.compactMap(self.text))
        default: nil
        }
    }
}
