internal import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    /// The binding for the gateway: evaluates the policies of tables and of the caller before each operation, and
    /// counts the outcomes of requests.
    package var guardedBinding: ServiceBinding { self.guarded(self.binding) }

    /// The binding of another service on the same tables, such as their streams: with the same evaluation of policies,
    /// and counted in the same metrics.
    package func guarded(_ binding: ServiceBinding) -> ServiceBinding {
        let gate = PolicyGate(catalog: self.catalog)
        let check: OperationBinding.AccessCheck = { (access, context) async throws(ServiceError) in
            try await gate.check(access, context)
        }
        var guarded = binding.preceded(by: check, unless: { gate.isKnownToAllow($0) }).observed(by: self.observer)
        guarded.onError = self.countError
        return guarded
    }

    /// The accesses of a request, with the condition keys on which the policies of its tables depend; the input of the
    /// gate's evaluation.
    package func conditionedAccess(
        _ operation: String, _ input: any ReadableShape, _ context: RequestContext
    ) async throws(ServiceError) -> [ResourceAccess] {
        guard let binding = self.binding.operations.first(where: { $0.schema.name == operation }) else { return [] }
        let gate = PolicyGate(catalog: self.catalog)
        let input = input.decoded
        return try await gate.accesses({ binding.access(input, context) }, context).map(\.access)
    }
}
