internal import DynamoDBModel
internal import ServiceModel

/// Reads and writes are metered and limited separately.
enum CapacityKind: Sendable, Hashable, CaseIterable {
    case read, write
}

/// How many units a second a table or a global index may consume.
struct ThroughputLimit: Sendable, Equatable {
    /// The origin of the limit.
    enum Source: Sendable, Hashable {
        /// The provisioned capacity.
        case provisioned
        /// The maximum that the owner of an on-demand table has set.
        case onDemandMaximum
    }

    let source: Source
    let rate: Int
}

extension TableDescriptor {
    /// The limit of a global index, or of the table, which its local indexes share; nil when there is none.
    func limit(_ kind: CapacityKind, _ index: IndexDescriptor? = nil) -> ThroughputLimit? {
        guard let index, index.isGlobal else {
            return Self.limit(kind, isOnDemand: self.isOnDemand, self.throughput, self.settings.onDemandLimit)
        }
        return Self.limit(kind, isOnDemand: self.isOnDemand, index.throughput, index.onDemandLimit)
    }

    private static func limit(
        _ kind: CapacityKind, isOnDemand: Bool, _ provisioned: Throughput, _ maximum: UnitPair?
    ) -> ThroughputLimit? {
        if isOnDemand {
            guard let rate = kind == .read ? maximum?.read : maximum?.write, rate > 0 else { return nil }
            return ThroughputLimit(source: .onDemandMaximum, rate: rate)
        }
        let rate = kind == .read ? provisioned.read : provisioned.write
        return rate > 0 ? ThroughputLimit(source: .provisioned, rate: rate) : nil
    }
}

/// A request, or a part of one, that was throttled.
struct Throttled: Error, Sendable, Equatable {
    let source: ThroughputLimit.Source
    let kind: CapacityKind
    /// The ARN of the table or of the index.
    let resource: String
    let isIndex: Bool

    init(_ limit: ThroughputLimit, _ kind: CapacityKind, _ table: TableDescriptor, _ index: IndexDescriptor?) {
        self.source = limit.source
        self.kind = kind
        let index = index.flatMap { $0.isGlobal ? $0 : nil }
        self.isIndex = index != nil
        self.resource = index.map { "\(table.arn)/index/\($0.name)" } ?? table.arn
    }

    /// - Source: DynamoDB API Reference, TransactionCanceledException; the sentence about a maximum is the one of the
    ///   Developer Guide, "Diagnosing throttling".
    var message: String {
        switch (self.source, self.isIndex) {
        case (.provisioned, false):
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
                + "provisioning level with the UpdateTable API."
        case (.provisioned, true):
            "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
                + "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary "
                + "indexes with the UpdateTable API"
        case (.onDemandMaximum, _):
            "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
        }
    }

    /// `TableReadProvisionedThroughputExceeded` and the like.
    private var reason: ThrottlingReason {
        let limit =
            switch self.source {
            case .provisioned: "ProvisionedThroughputExceeded"
            case .onDemandMaximum: "MaxOnDemandThroughputExceeded"
            }
        let text = (self.isIndex ? "Index" : "Table") + (self.kind == .read ? "Read" : "Write") + limit
        return ThrottlingReason(reason: text, resource: self.resource)
    }

    var error: ServiceError {
        switch self.source {
        case .provisioned:
            DynamoDBError.provisionedThroughputExceeded(message: self.message, throttlingReasons: [self.reason])
        case .onDemandMaximum:
            DynamoDBError.throttling(message: self.message, throttlingReasons: [self.reason])
        }
    }

    /// The code of the cancellation reason for an error of one action.
    static func cancellationCode(_ error: ServiceError) -> String? {
        switch error.detail {
        case is ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded"
        case is ThrottlingException: "ThrottlingError"
        default: nil
        }
    }
}
