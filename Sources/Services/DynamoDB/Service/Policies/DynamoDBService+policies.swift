internal import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    /// The service as the gateway knows it: the policies of tables and of the caller are asked before each operation,
    /// and what becomes of the request is counted.
    package var guardedBinding: ServiceBinding { self.guarded(self.binding) }

    /// A service on this one's tables, such as their streams, with the policies asked before each operation, and with
    /// the metrics of this one.
    package func guarded(_ binding: ServiceBinding) -> ServiceBinding {
        let gate = PolicyGate(catalog: self.catalog)
        let check: OperationBinding.AccessCheck = { (access, context) async throws(ServiceError) in
            try await gate.check(access, context)
        }
        var guarded = binding.preceded(by: check, unless: { gate.isKnownToAllow($0) }).observed(by: self.observer)
        guarded.onError = self.countError
        return guarded
    }

    /// What a request touches, with the condition keys that the policies of its tables ask for; what the gate asks them
    /// with.
    package func conditionedAccess(
        _ operation: String, _ input: any ReadableShape, _ context: RequestContext
    ) async throws(ServiceError) -> [ResourceAccess] {
        guard let binding = self.binding.operations.first(where: { $0.schema.name == operation }) else { return [] }
        let gate = PolicyGate(catalog: self.catalog)
        let input = input.decoded
        return try await gate.accesses({ binding.access(input, context) }, context).map(\.access)
    }
}
