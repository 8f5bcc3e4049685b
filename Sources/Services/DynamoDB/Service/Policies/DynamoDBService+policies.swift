internal import DynamoDBModel
package import ServiceModel

extension DynamoDBService {
    /// The service as the gateway knows it: a table's policy is asked before each operation, and what becomes of the
    /// request is counted.
    package var guardedBinding: ServiceBinding { self.guarded(self.binding) }

    /// A service on this one's tables, such as their streams, with the policies asked before each operation, and with
    /// the metrics of this one.
    package func guarded(_ binding: ServiceBinding) -> ServiceBinding {
        let gate = PolicyGate(catalog: self.catalog)
        var guarded = binding.preceded { (access, context) async throws(ServiceError) in
            try await gate.check(access, context)
        }.observed(by: self.observer)
        guarded.onError = self.countError
        return guarded
    }
}
