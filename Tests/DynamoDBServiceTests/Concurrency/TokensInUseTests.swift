import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceKit
import ServiceModel
import Synchronization
import Testing

/// Requests with the token of a transaction that is under way.
struct TokensInUseTests {
    private struct Calls: ItemCalls {
        let service: DynamoDBService
        let context = TableFixture.context()
    }

    private static func add(_ key: [(String, AttributeValue)]) -> TransactWriteItem {
        TransactWriteItem(
            update: Update(
                key: item(key), updateExpression: "ADD x :one", tableName: ItemFixture.table,
                expressionAttributeValues: item([(":one", int(1))])))
    }

    /// The error of a transaction with one token; nil when it was done.
    private static func code(_ key: [(String, AttributeValue)], _ calls: Calls) async -> String? {
        let input = TransactWriteItemsInput(transactItems: [self.add(key)], clientRequestToken: "token")
        return await refused { () throws(ServiceError) in
            try await calls.service.transactWriteItems(input, calls.context)
        }?.code
    }

    @Test func `a token is refused until its transaction has ended`() async throws {
        let store = HookedStore()
        let calls = Calls(service: .simulated(store, ManualClock(), BackgroundJobs()))
        _ = try await calls.service.createTable(ItemFixture.plain, calls.context)
        let meanwhile = Mutex<[String?]>([])
        store.beforeCommitUnderToken {
            let codes = [await Self.code(key("a", 1), calls), await Self.code(key("a", 2), calls)]
            meanwhile.withLock { $0 = codes }
        }
        #expect(await Self.code(key("a", 1), calls) == nil)
        #expect(
            meanwhile.withLock { $0 } == ["TransactionInProgressException", "IdempotentParameterMismatchException"])
        #expect(await Self.code(key("a", 1), calls) == nil)
        #expect(try await calls.get(key("a", 1)).item?["x"]?.tree == int(1))
        #expect(try await calls.get(key("a", 2)).item == nil)
    }
}
