internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// The billing mode, and the units of table and indexes.
extension TableUpdate {
    /// The subject of a sentence about units.
    enum Units {
        case table
        case index(String)

        /// `table` or `index : name`, as in the sentences about on-demand limits.
        var limitPlace: String {
            switch self {
            case .table: "table"
            case .index(let name): "index : \(name)"
            }
        }

        var warmPlace: String {
            switch self {
            case .table: "table"
            case .index(let name): "index \(name)"
            }
        }
    }

    static let guide = CapacityQuotas.guide

    func applyCapacity(to table: inout TableDescriptor, _ outcome: inout Outcome) throws(ServiceError) {
        let given = self.input.provisionedThroughput
        switch self.input.billingMode {
        case .some(.payPerRequest):
            guard given == nil else {
                throw .invalid("ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST")
            }
            // A request for the present mode is answered like a change.
            outcome.isUpdating = true
            if !table.isOnDemand { try self.switchToOnDemand(&table) }
        case .some(.provisioned):
            guard let given else {
                throw .invalid("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
            }
            outcome.isUpdating = true
            if table.isOnDemand {
                try self.switchToProvisioned(&table, given)
            } else {
                try self.changeThroughput(of: &table, given)
            }
        default:
            guard let given else { return }
            guard !table.isOnDemand else {
                throw .invalid(
                    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                        + "PAY_PER_REQUEST")
            }
            outcome.isUpdating = true
            try self.changeThroughput(of: &table, given)
        }
    }

    /// The limit on switches from provisioned to on-demand within a window of time.
    /// - Source: DynamoDB Developer Guide, "Considerations when switching capacity modes": four in 24 hours.
    private static let switchesMax = 4
    private static let switchWindowSeconds: Int64 = 86_400

    private func switchToOnDemand(_ table: inout TableDescriptor) throws(ServiceError) {
        let window = Self.switchWindowSeconds * 1000
        let start = self.now.advanced(byMilliseconds: -window)
        let recent = table.onDemandSwitches.filter { $0 > start }
        if recent.count >= Self.switchesMax, let first = recent.first, let last = recent.last {
            // DEVIATION: AWS's wording from when one switch per day was allowed; the present one could not be
            // confirmed.
            throw DynamoDBError.limitExceeded(
                message: "Subscriber limit exceeded: Update to PayPerRequest mode are limited to \(Self.switchesMax) "
                    + "times in \(Self.switchWindowSeconds / 86_400) day(s). Last update at "
                    + "\(ThroughputHistory.text(last)). Next update can be made at "
                    + ThroughputHistory.text(first.advanced(byMilliseconds: window)))
        }
        table.onDemandSwitches = recent + [self.now]
        table.isOnDemand = true
        table.onDemandSwitch = self.now
        table.throughput = Throughput(read: 0, write: 0)
        for place in table.indexes.indices {
            table.indexes[place].throughput = Throughput(read: 0, write: 0)
            // AWS counts the switch as a decrease for each index, but not for the table.
            if table.indexes[place].isGlobal { table.indexes[place].throughputHistory.noteDecrease(self.now) }
        }
    }

    /// Nothing is estimated: the request gives the units of the table and of each of its global indexes.
    private func switchToProvisioned(
        _ table: inout TableDescriptor, _ given: ProvisionedThroughput
    ) throws(ServiceError) {
        guard table.vectorIndexes.isEmpty else {
            throw .invalid("Vector indexes are supported only on tables whose BillingMode is PAY_PER_REQUEST")
        }
        let updates = (self.input.globalSecondaryIndexUpdates ?? []).compactMap(\.update)
        for index in table.indexes where index.isGlobal {
            guard updates.contains(where: { $0.indexName == index.name && $0.provisionedThroughput != nil }) else {
                throw .invalid("ProvisionedThroughput must be specified for index: \(index.name)")
            }
        }
        table.throughput = try self.throughput(given, .table)
        table.isOnDemand = false
        table.onDemandSwitch = table.onDemandSwitch ?? table.creation
        table.settings.onDemandLimit = nil
        for place in table.indexes.indices { table.indexes[place].onDemandLimit = nil }
    }

    private func changeThroughput(
        of table: inout TableDescriptor, _ given: ProvisionedThroughput
    ) throws(ServiceError) {
        let old = table.throughput
        let new = try self.throughput(given, .table)
        guard new != old else {
            throw .validation(Self.unchanged("the table", "the table", old))
        }
        try table.throughputHistory.change(from: old, to: new, self.now)
        table.throughput = new
    }

    static func unchanged(_ owner: String, _ place: String, _ units: Throughput) -> String {
        "The provisioned throughput for \(owner) will not change. The requested value equals the current value. "
            + "Current ReadCapacityUnits provisioned for \(place): \(units.read). Requested ReadCapacityUnits: "
            + "\(units.read). Current WriteCapacityUnits provisioned for \(place): \(units.write). "
            + "Requested WriteCapacityUnits: \(units.write). \(self.guide)"
    }

    /// The units of a request; must be at least 1.
    func throughput(_ given: ProvisionedThroughput, _ owner: Units) throws(ServiceError) -> Throughput {
        for (name, value) in [
            ("ReadCapacityUnits", given.readCapacityUnits), ("WriteCapacityUnits", given.writeCapacityUnits),
        ] {
            var place = ""
            if case .index(let index) = owner { place = " for index \(index)" }
            guard value <= BillingRule.unitsMax else {
                throw .validation("Given value \(value) for \(name) is out of bounds\(place)")
            }
            var index: String?
            if case .index(let name) = owner { index = name }
            try CapacityQuotas.check(value, name, index: index, self.context.region)
        }
        return Throughput(read: given.readCapacityUnits, write: given.writeCapacityUnits)
    }

    /// The limit of an on-demand table or index after a request: -1 removes a bound.
    func limit(
        _ old: UnitPair?, _ given: OnDemandThroughput, _ owner: Units, isOnDemand: Bool
    ) throws(ServiceError) -> UnitPair? {
        let units = [
            ("MaxReadRequestUnits", given.maxReadRequestUnits), ("MaxWriteRequestUnits", given.maxWriteRequestUnits),
        ]
        guard units.contains(where: { $0.1 != nil }) else {
            // AWS fails with an internal error here.
            throw .invalid("OnDemandThroughput must specify MaxReadRequestUnits, MaxWriteRequestUnits, or both")
        }
        for case (let name, let value?) in units {
            guard isOnDemand else {
                var place = ""
                if case .index(let index) = owner { place = " for index : \(index)" }
                throw .invalid(
                    "\(name) for OnDemandThroughput\(place) cannot be specified when the table BillingMode is "
                        + "PROVISIONED"
                )
            }
            guard value >= 1 || value == -1 else {
                throw .invalid(
                    "Requested \(name) for OnDemandThroughput for \(owner.limitPlace) is outside of valid range")
            }
            try CapacityQuotas.check(
                value, "\(name) for OnDemandThroughput for \(owner.limitPlace)", self.context.region)
        }
        func merged(_ old: Int?, _ new: Int?) -> Int? { new.map { $0 == -1 ? nil : $0 } ?? (new == nil ? old : nil) }
        return UnitPair(
            read: merged(old?.read, given.maxReadRequestUnits), write: merged(old?.write, given.maxWriteRequestUnits))
    }

    /// The warm throughput of a table or index after a request; it cannot be decreased.
    func warm(_ old: Throughput, _ given: WarmThroughput, _ owner: Units) throws(ServiceError) -> UnitPair? {
        let units = [
            ("ReadUnitsPerSecond", given.readUnitsPerSecond, old.read),
            ("WriteUnitsPerSecond", given.writeUnitsPerSecond, old.write),
        ]
        guard units.contains(where: { $0.1 != nil }) else {
            // AWS fails with an internal error here.
            throw .invalid("WarmThroughput must specify ReadUnitsPerSecond, WriteUnitsPerSecond, or both")
        }
        for case (let name, let value?, let old) in units {
            guard value >= old else {
                throw .invalid(
                    "Requested \(name) for WarmThroughput for \(owner.warmPlace) is lower than current WarmThroughput, "
                        + "decreasing WarmThroughput is not supported")
            }
            try CapacityQuotas.check(value, "\(name) for WarmThroughput for \(owner.warmPlace)", self.context.region)
        }
        return UnitPair(
            read: given.readUnitsPerSecond ?? old.read, write: given.writeUnitsPerSecond ?? old.write)
    }
}

extension TableDescriptor {
    /// Keeps the former warm throughput of table and indexes where it was higher.
    mutating func keepWarm(_ before: TableDescriptor) {
        func kept(_ old: Throughput, _ given: UnitPair?, _ provisioned: Throughput) -> UnitPair? {
            let new = self.warmUnits(given, provisioned)
            let least = self.warmUnits(nil, provisioned)
            let units = Throughput(
                read: max(old.read, new.read, least.read), write: max(old.write, new.write, least.write))
            return units == least ? nil : UnitPair(read: units.read, write: units.write)
        }
        self.settings.warmThroughput = kept(
            before.warmUnits(before.settings.warmThroughput, before.throughput), self.settings.warmThroughput,
            self.throughput)
        for (place, index) in self.indexes.enumerated() where index.isGlobal {
            guard let old = before.indexes.first(where: { $0.number == index.number }) else { continue }
            self.indexes[place].warmThroughput = kept(
                before.warmUnits(old.warmThroughput, old.throughput), index.warmThroughput, index.throughput)
        }
    }
}
