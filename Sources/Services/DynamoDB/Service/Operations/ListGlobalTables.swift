package import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ListGlobalTablesInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListGlobalTables", resource: "*")]
    }

    /// There are none of version 2017.11.29. Where AWS answers a region that is none with a fault of its own, it is
    /// refused here.
    package func listGlobalTables(
        _ input: ListGlobalTablesInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListGlobalTablesOutput {
        if let name = input.regionName, Region(name) == nil {
            throw .validation(ValidationFailure.invalid("Invalid AWS Region: \(name)"))
        }
        return ListGlobalTablesOutput(globalTables: [])
    }
}
