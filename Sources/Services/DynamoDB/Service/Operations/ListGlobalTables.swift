package import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
package import ServiceModel

extension DynamoDBService {
    package func access(_ input: ListGlobalTablesInput, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "dynamodb:ListGlobalTables", resource: "*")]
    }

    /// Global tables of version 2017.11.29 do not exist. An unknown region is refused here; AWS answers it with an
    /// internal error.
    package func listGlobalTables(
        _ input: ListGlobalTablesInput, _ context: RequestContext
    ) async throws(ServiceError) -> ListGlobalTablesOutput {
        if let name = input.regionName, Region(name) == nil {
            throw .validation(ValidationFailure.invalid("Invalid AWS Region: \(name)"))
        }
        return ListGlobalTablesOutput(globalTables: [])
    }
}
