internal import DynamoDBValues

/// Resolves the `IndexName` of a Query or Scan.
enum IndexChoice {
    /// `vectorRefusal`: the message for a vector index, which only SearchVectors reads; nil: as for a missing index.
    ///
    /// - Returns: nil for the table itself.
    static func index(
        _ name: String?, _ table: TableDescriptor, isConsistent: Bool, vectorRefusal: String? = nil
    ) throws(ValidationFailure) -> IndexDescriptor? {
        guard let name else { return nil }
        guard let index = table.index(name), index.state != .deleting else {
            if let vectorRefusal, table.vectorIndex(name) != nil { throw ValidationFailure(vectorRefusal) }
            throw ValidationFailure(Self.missing(name))
        }
        guard index.state == .active else {
            throw ValidationFailure("Cannot read from backfilling global secondary index: \(name)")
        }
        if index.isGlobal, isConsistent {
            throw ValidationFailure("Consistent reads are not supported on global secondary indexes")
        }
        return index
    }

    /// The sentence about an index that does not exist, or is being deleted.
    static func missing(_ name: String) -> String {
        "The table does not have the specified index: \(name)"
    }
}

extension Consumption {
    /// Adds what a page of a Query or Scan consumes: the sum of the evaluated items, rounded once.
    mutating func addPage(_ answer: PageAnswer, _ index: IndexDescriptor?, isConsistent: Bool) {
        let consistency: CapacityUnits.ReadConsistency = isConsistent ? .strong : .eventual
        let units = CapacityUnits.read(bytes: answer.evaluatedBytes, consistency)
        if let index {
            self.add(units, index: index)
            for bytes in answer.fetchedBytes { self.add(CapacityUnits.read(bytes: bytes, consistency)) }
        } else {
            self.add(units)
        }
    }
}
