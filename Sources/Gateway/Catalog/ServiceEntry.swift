package import ServiceModel
internal import Telemetry

/// A service in the catalogue, with the state that its requests share.
package final class ServiceEntry: Sendable {
    package let registration: RegisteredService
    package let schema: ServiceSchema
    package let operations: [OperationEntry]
    let limiter: ConcurrencyLimiter
    /// Requests for operations of the AWS service that are not implemented here.
    let unimplemented: Counter

    private let indexByName: [String: Int]
    private let allNames: Set<String>

    init(_ registration: RegisteredService, metrics: MetricRegistry) {
        let schema = registration.binding.schema
        self.registration = registration
        self.schema = schema
        self.operations = registration.binding.operations.map {
            OperationEntry(binding: $0, service: schema.id, metrics: metrics)
        }
        self.limiter = ConcurrencyLimiter(
            activeMax: registration.concurrencyMax,
            waitingMax: registration.waitingCountMax
        )
        self.unimplemented = metrics.counter(
            "brume_unimplemented_requests_total",
            help: "Requests for operations that have no handler",
            labels: [("service", schema.id)]
        )
        self.allNames = Set(schema.operationNames)
        self.indexByName = Dictionary(
            uniqueKeysWithValues: registration.binding.operations.enumerated().map { ($1.schema.name, $0) }
        )
    }

    /// The target of a request for the operation `name`.
    func target(_ name: String) -> IdentifiedTarget {
        if let index = self.indexByName[name] { return .operation(self, self.operations[index]) }
        return self.allNames.contains(name) ? .notImplemented(self, name) : .unknownOperation(self, name)
    }
}

/// One operation in the catalogue, with its own counters.
package final class OperationEntry: Sendable {
    package let binding: OperationBinding
    let counters: RequestCounters
    /// The member of the output that is a stream of events; nil for most operations.
    let eventStream: MemberSchema?

    init(binding: OperationBinding, service: String, metrics: MetricRegistry) {
        self.binding = binding
        self.eventStream = binding.schema.output.members.first(where: \.target.traits.isEventStream)
        self.counters = RequestCounters(service: service, operation: binding.schema.name, metrics: metrics)
    }
}
