import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel

extension ItemCalls {
    @discardableResult
    func execute(
        _ statement: String, _ parameters: [AttributeValue] = [],
        _ change: (inout ExecuteStatementInput) -> Void = { _ in }
    ) async throws(ServiceError) -> ExecuteStatementOutput {
        var input = ExecuteStatementInput(
            statement: statement, parameters: parameters.isEmpty ? nil : parameters.map(BoundAttributeValue.init)
        )
        change(&input)
        return try await self.service.executeStatement(input, self.context)
    }

    /// The items that a statement answers with.
    func rows(
        _ statement: String, _ parameters: [AttributeValue] = [],
        _ change: (inout ExecuteStatementInput) -> Void = { _ in }
    ) async throws(ServiceError) -> [[String: AttributeValue]] {
        try await self.execute(statement, parameters, change).items?.map(shown) ?? []
    }

    /// The sort keys that a SELECT finds, in its order.
    func sorts(_ condition: String, _ parameters: [AttributeValue] = []) async throws(ServiceError) -> [AttributeValue]
    {
        try await self.rows("SELECT sk FROM items \(condition)", parameters).compactMap { $0["sk"] }
    }

    /// The sentence with which a statement is refused.
    func statementWording(
        _ statement: String, _ parameters: [AttributeValue] = [],
        _ change: (inout ExecuteStatementInput) -> Void = { _ in }
    ) async -> String? {
        await wording { () throws(ServiceError) in try await self.execute(statement, parameters, change) }
    }
}
