internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// Creating, changing and deleting global secondary indexes.
extension TableUpdate {
    func applyIndexes(
        to table: inout TableDescriptor, _ before: TableDescriptor, _ outcome: inout Outcome
    ) throws(ServiceError) {
        let updates = self.input.globalSecondaryIndexUpdates ?? []
        let online =
            updates.filter { $0.create != nil || $0.delete != nil }.count + (self.input.vectorIndexUpdates ?? []).count
        guard online <= 1 else { throw .tooManyOnlineIndexes }
        for update in updates {
            if let action = update.update {
                try self.update(action, &table, before, &outcome)
            } else if let action = update.create {
                try self.create(action, &table, &outcome)
            } else if let action = update.delete {
                try self.delete(action, &table, &outcome)
            }
        }
    }

    // Changing

    private func update(
        _ action: UpdateGlobalSecondaryIndexAction, _ table: inout TableDescriptor, _ before: TableDescriptor,
        _ outcome: inout Outcome
    ) throws(ServiceError) {
        let name = action.indexName
        let place = try self.place(of: name, "update", table)
        var index = table.indexes[place]
        guard index.state != .deleting else {
            throw .tableInUse("Index is being deleted. Table: \(table.name) Index: \(name)")
        }
        guard index.state != .creating || !self.isInTransition(table) else {
            throw .tableInUse(
                "Index is being created but is not backfilling yet.  Table: \(table.name) Index: \(name)")
        }
        if let given = action.provisionedThroughput {
            guard !table.isOnDemand else { throw Self.onlyOnDemandUpdates(name) }
            let new = try self.throughput(given, .index(name))
            if !before.isOnDemand {
                guard new != index.throughput else {
                    throw .validation(Self.unchanged("the index \(name)", "index \(name)", index.throughput))
                }
                try index.throughputHistory.change(from: index.throughput, to: new, self.now)
            }
            index.throughput = new
        } else if action.onDemandThroughput == nil, action.warmThroughput == nil {
            guard !table.isOnDemand else { throw Self.onlyOnDemandUpdates(name) }
            throw .invalid("Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: \(name)")
        }
        if let given = action.onDemandThroughput {
            index.onDemandLimit = try self.limit(
                index.onDemandLimit, given, .index(name), isOnDemand: table.isOnDemand)
        }
        if let given = action.warmThroughput {
            let old = table.warmUnits(index.warmThroughput, index.throughput)
            index.warmThroughput = try self.warm(old, given, .index(name))
            if table.warmUnits(index.warmThroughput, index.throughput) != old { outcome.warmedIndexes.insert(name) }
        } else {
            outcome.updatedIndexes.insert(name)
        }
        table.indexes[place] = index
    }

    private static func onlyOnDemandUpdates(_ name: String) -> ServiceError {
        .invalid(
            "The only Updates for index: \(name) when TableThroughputMode is PAY_PER_REQUEST can be to "
                + "OnDemandThroughput, WarmThroughput")
    }

    /// The position of a global index in the table.
    private func place(of name: String, _ verb: String, _ table: TableDescriptor) throws(ServiceError) -> Int {
        guard let place = table.indexes.firstIndex(where: { $0.name == name }) else {
            guard table.vectorIndex(name) == nil else {
                throw .validation("Cannot \(verb) an index that is not a GlobalSecondaryIndex: \(name)")
            }
            throw .indexNotFound(name, table.name)
        }
        guard table.indexes[place].isGlobal else {
            throw .validation("Cannot \(verb) an index that is not a GlobalSecondaryIndex: \(name)")
        }
        return place
    }

    // Creating

    private func create(
        _ action: CreateGlobalSecondaryIndexAction, _ table: inout TableDescriptor, _ outcome: inout Outcome
    ) throws(ServiceError) {
        let name = action.indexName
        guard table.index(name) == nil, table.vectorIndex(name) == nil else {
            throw .validation("Attempting to create an index which already exists")
        }
        try self.checkNoOtherIndex(table)
        let count = table.indexes.filter(\.isGlobal).count
        guard count < IndexRule.globalCountMax else {
            throw DynamoDBError.limitExceeded(
                message: "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of "
                    + "\(IndexRule.globalCountMax)")
        }
        guard let definitions = self.input.attributeDefinitions else {
            throw .invalid("AttributeDefinitions is not specified for index: \(name)")
        }
        let known = table
        let (schema, projection) = try validating { () throws(ValidationFailure) in
            try KeySchemaRule.checkGlobalOrder(action.keySchema)
            // The request must define all attributes of the index's key, even those that the table already defines.
            let attributes = try DefinedAttributes(definitions)
            try attributes.check(action.keySchema)
            let schema = try attributes.resolve(action.keySchema)
            try Self.checkRedefinition(schema, known)
            return (schema, try IndexRule.projection(action.projection))
        }
        guard let number = table.nextIndexNumber else { throw Self.noNumberLeft(table) }
        var index = IndexDescriptor(
            name: name, number: number, isGlobal: true, schema: schema, projection: projection, state: .creating)
        index.throughput = try self.newThroughput(action, table)
        if let given = action.onDemandThroughput {
            index.onDemandLimit = try self.limit(nil, given, .index(name), isOnDemand: table.isOnDemand)
        }
        if let given = action.warmThroughput {
            index.warmThroughput = try self.warm(table.warmUnits(nil, index.throughput), given, .index(name))
        }
        table.indexes.append(index)
        let indexes = table.indexes
        try validating { () throws(ValidationFailure) in try IndexRule.checkProjected(indexes) }
        (outcome.isUpdating, outcome.workNumber) = (true, number)
    }

    private func newThroughput(
        _ action: CreateGlobalSecondaryIndexAction, _ table: TableDescriptor
    ) throws(ServiceError) -> Throughput {
        guard let given = action.provisionedThroughput else {
            guard table.isOnDemand else {
                throw .invalid(
                    "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: \(action.indexName)")
            }
            return Throughput(read: 0, write: 0)
        }
        guard !table.isOnDemand else {
            throw .invalid(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: \(action.indexName) when "
                    + "BillingMode is PAY_PER_REQUEST")
        }
        return try self.throughput(given, .index(action.indexName))
    }

    /// Attributes that are already part of a key keep their type.
    static func checkRedefinition(_ schema: KeySchema, _ table: TableDescriptor) throws(ValidationFailure) {
        func shown(_ schema: KeySchema) -> String {
            let elements =
                schema.partition.map { "\($0.name):\($0.type.descriptor):HASH" }
                + schema.sort.map { "\($0.name):\($0.type.descriptor):RANGE" }
            return "Schema:[SchemaElement: " + elements.map { "key{\($0)}" }.joined(separator: ", SchemaElement: ")
                + "]"
        }
        for known in [table.schema] + table.indexes.map(\.schema) {
            for element in schema.elements {
                let isRedefined = known.elements.contains {
                    $0.name.utf8.elementsEqual(element.name.utf8) && $0.type != element.type
                }
                guard isRedefined else {
                    continue
                }
                throw .invalid(
                    "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
                        + "defined. Existing schema: \(shown(known)) New schema: \(shown(schema))")
            }
        }
    }

    /// Only one index at a time can be created or deleted, secondary or vector.
    func checkNoOtherIndex(_ table: TableDescriptor) throws(ServiceError) {
        guard table.indexInState(.creating) == nil, table.indexInState(.deleting) == nil else {
            throw .tooManyOnlineIndexes
        }
    }

    /// Index numbers are not reused; a table can have 32,767 of each kind in its lifetime.
    static func noNumberLeft(_ table: TableDescriptor) -> ServiceError {
        DynamoDBError.limitExceeded(
            message: "Table \(table.name) had as many indexes as a table of Brume can have in its life; copy its items "
                + "into a new one")
    }

    // Deleting

    private func delete(
        _ action: DeleteGlobalSecondaryIndexAction, _ table: inout TableDescriptor, _ outcome: inout Outcome
    ) throws(ServiceError) {
        let place = try self.place(of: action.indexName, "delete", table)
        let index = table.indexes[place]
        try self.checkDeletion(index.name, index.state, table)
        table.indexes[place].state = .deleting
        (outcome.isUpdating, outcome.workNumber) = (true, index.number)
    }

    /// An index that is being created can be deleted during the backfill, but not before it.
    func checkDeletion(_ name: String, _ state: IndexState, _ table: TableDescriptor) throws(ServiceError) {
        switch state {
        case .active:
            try self.checkNoOtherIndex(table)
        case .creating:
            guard !self.isInTransition(table) else {
                throw .tableInUse(
                    "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when "
                        + "the index is active. Table: \(table.name) Index: \(name)")
            }
        case .deleting:
            throw .tableInUse("Index is being deleted. Table: \(table.name) Index: \(name)")
        }
    }
}

extension TableDescriptor {
    /// The number of the next secondary index; nil when there is none left.
    var nextIndexNumber: UInt16? {
        let last = max(self.retiredIndexNumber, self.indexes.map(\.number).max() ?? 0)
        return last + 1 < VectorIndexDescriptor.numberMin ? last + 1 : nil
    }

    /// The number of the next vector index; nil when there is none left.
    var nextVectorIndexNumber: UInt16? {
        let first = VectorIndexDescriptor.numberMin
        guard let last = (self.vectorIndexes.map(\.number) + [self.retiredVectorIndexNumber]).max(), last > 0 else {
            return first
        }
        return last < .max ? last + 1 : nil
    }
}

extension ServiceError {
    /// The error of index operations on an index that the table does not have.
    static func indexNotFound(_ index: String, _ table: String) -> ServiceError {
        DynamoDBError.resourceNotFound(message: "Requested resource not found: Index \(index) for table \(table)")
    }
}
