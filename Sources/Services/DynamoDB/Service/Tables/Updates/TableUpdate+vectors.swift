internal import DynamoDBModel
internal import DynamoDBValues
internal import ServiceModel

/// Creating and deleting vector indexes.
extension TableUpdate {
    func applyVectorIndexes(to table: inout TableDescriptor, _ outcome: inout Outcome) throws(ServiceError) {
        for update in self.input.vectorIndexUpdates ?? [] {
            if let action = update.create {
                try self.create(action, &table, &outcome)
            } else if let action = update.delete {
                try self.delete(action.indexName, &table, &outcome)
            }
        }
    }

    private func create(
        _ action: CreateVectorIndexAction, _ table: inout TableDescriptor, _ outcome: inout Outcome
    ) throws(ServiceError) {
        let name = action.indexName
        switch table.vectorIndex(name)?.state {
        case nil where table.index(name) == nil: break
        case .some(.creating): throw .tableInUse("Index is being created.  Table: \(table.name) Index: \(name)")
        case .some(.deleting): throw .tableInUse("Index is being deleted. Table: \(table.name) Index: \(name)")
        default: throw .validation("Attempting to create an index which already exists")
        }
        try self.checkNoOtherIndex(table)
        let (isOnDemand, others) = (table.isOnDemand, table.vectorIndexes)
        guard others.count < VectorIndexRule.countMax else {
            throw DynamoDBError.limitExceeded(
                message: "Subscriber limit exceeded: Number of vector indexes exceeds per-table limit of "
                    + "\(VectorIndexRule.countMax)")
        }
        guard let number = table.nextVectorIndexNumber else { throw Self.noNumberLeft(table) }
        let index = VectorIndex(
            indexName: name,
            vectorAttribute: action.vectorAttribute,
            searchSchema: action.searchSchema,
            projection: action.projection,
            dimensions: action.dimensions,
            distanceFunction: action.distanceFunction
        )
        let known = table
        var descriptor = try validating { () throws(ValidationFailure) in
            let attributes = try DefinedAttributes(self.input.attributeDefinitions ?? [], beside: known)
            return try VectorIndexRule.index(index, attributes, others, number: number, isOnDemand: isOnDemand)
        }
        try validating { () throws(ValidationFailure) in
            for element in descriptor.elements {
                try Self.checkRedefinition(KeySchema(partition: [element]), known)
            }
        }
        descriptor.state = .creating
        table.vectorIndexes.append(descriptor)
        (outcome.isUpdating, outcome.workNumber) = (true, number)
    }

    private func delete(
        _ name: String, _ table: inout TableDescriptor, _ outcome: inout Outcome
    ) throws(ServiceError) {
        guard let place = table.vectorIndexes.firstIndex(where: { $0.name == name }) else {
            guard table.index(name) == nil else {
                throw .validation("Cannot delete an index that is not a VectorIndex: \(name)")
            }
            throw .indexNotFound(name, table.name)
        }
        let index = table.vectorIndexes[place]
        try self.checkDeletion(name, index.state, table)
        table.vectorIndexes[place].state = .deleting
        (outcome.isUpdating, outcome.workNumber) = (true, index.number)
    }
}
