internal import DynamoDBModel
internal import DynamoDBValues

/// The billing mode of a request, and the checks of its capacity parameters in this mode.
struct BillingRule {
    /// The subject of a sentence about capacity.
    enum Owner {
        case table
        case index(String)
    }

    static let unitsMax = 1_000_000_000_000
    /// The initial throughput of a new on-demand table.
    static let onDemandUnits = Throughput(read: 12_000, write: 4000)

    let isOnDemand: Bool
    /// Zero for on-demand tables.
    let throughput: Throughput

    init(_ input: CreateTableInput) throws(ValidationFailure) {
        self.isOnDemand = input.billingMode == .payPerRequest
        if self.isOnDemand {
            guard input.provisionedThroughput == nil else {
                throw .invalid(
                    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                        + "PAY_PER_REQUEST"
                )
            }
            self.throughput = Throughput(read: 0, write: 0)
        } else {
            guard let given = input.provisionedThroughput else {
                throw .invalid(
                    "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
                )
            }
            self.throughput = try Self.throughput(given, suffix: "")
        }
    }

    /// The throughput of a global index, which the table's mode requires or forbids.
    func throughput(_ given: ProvisionedThroughput?, index: String) throws(ValidationFailure) -> Throughput {
        guard let given else {
            guard self.isOnDemand else { throw .invalid("ProvisionedThroughput is not specified for index: \(index)") }
            return Throughput(read: 0, write: 0)
        }
        guard !self.isOnDemand else {
            throw .invalid(
                "ProvisionedThroughput should not be specified for index: \(index) when BillingMode is PAY_PER_REQUEST"
            )
        }
        return try Self.throughput(given, suffix: " for index \(index)")
    }

    private static func throughput(
        _ given: ProvisionedThroughput, suffix: String
    ) throws(ValidationFailure) -> Throughput {
        let units = [("ReadCapacityUnits", given.readCapacityUnits), ("WriteCapacityUnits", given.writeCapacityUnits)]
        for (name, value) in units where value > self.unitsMax {
            throw ValidationFailure("Given value \(value) for \(name) is out of bounds\(suffix)")
        }
        return Throughput(read: given.readCapacityUnits, write: given.writeCapacityUnits)
    }

    /// The maximum throughput that the owner of an on-demand table sets.
    func onDemandLimit(_ given: OnDemandThroughput?, _ owner: Owner) throws(ValidationFailure) -> UnitPair? {
        guard let given else { return nil }
        let units = [
            ("MaxReadRequestUnits", given.maxReadRequestUnits), ("MaxWriteRequestUnits", given.maxWriteRequestUnits),
        ]
        for case (let name, let value?) in units {
            guard self.isOnDemand else {
                var place = ""
                if case .index(let index) = owner { place = " for index: \(index)" }
                throw .invalid(
                    "\(name) for OnDemandThroughput\(place) cannot be specified when table BillingMode is PROVISIONED."
                )
            }
            guard value < 1 else { continue }
            var place = "table"
            if case .index(let index) = owner { place = "index : \(index)" }
            throw .invalid("Requested \(name) for OnDemandThroughput for \(place) is outside of valid range")
        }
        return UnitPair(read: given.maxReadRequestUnits, write: given.maxWriteRequestUnits)
    }

    /// The requested warm throughput of a table or index; must not be below what it supports anyway.
    func warmThroughput(
        _ given: WarmThroughput?, _ provisioned: Throughput, _ owner: Owner
    ) throws(ValidationFailure) -> UnitPair? {
        guard let given else { return nil }
        let least = self.isOnDemand ? Self.onDemandUnits : provisioned
        let units = [
            ("Read", given.readUnitsPerSecond, least.read), ("Write", given.writeUnitsPerSecond, least.write),
        ]
        for case (let kind, let value?, let least) in units where value < least {
            var place = "table"
            if case .index(let index) = owner { place = "index \(index)" }
            let bound =
                self.isOnDemand
                ? "initial throughput for OnDemand. See: \(Self.onDemandGuide)"
                : "\(kind)CapacityUnits of ProvisionedThroughput"
            throw .invalid(
                "Requested \(kind)UnitsPerSecond for WarmThroughput for \(place) is lower than \(bound)"
            )
        }
        return UnitPair(read: given.readUnitsPerSecond, write: given.writeUnitsPerSecond)
    }

    private static let onDemandGuide =
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
        + "#on-demand-capacity-mode-initial"
}
