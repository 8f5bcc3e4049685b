import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

struct BatchExecuteStatementTests {
    private static func run(
        _ fixture: ItemFixture, _ statements: [String],
        _ change: (inout BatchExecuteStatementInput) -> Void = { _ in }
    ) async throws(ServiceError) -> BatchExecuteStatementOutput {
        var input = BatchExecuteStatementInput(statements: statements.map { BatchStatementRequest(statement: $0) })
        change(&input)
        return try await fixture.service.batchExecuteStatement(input, fixture.context)
    }

    /// Each answer in a line.
    private static func lines(_ output: BatchExecuteStatementOutput) -> [String] {
        (output.responses ?? []).map { response in
            let table = response.tableName ?? "-"
            if let error = response.error {
                return "\(table): \(error.code?.rawValue ?? "-"): \(error.message ?? "-")"
            }
            let item = response.item.map { shown($0).keys.sorted().joined(separator: " ") }
            return table + (item.map { ": \($0)" } ?? "")
        }
    }

    @Test func `each write is done or has its own error`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        try await fixture.put(key("a", 2))
        let answer = try await Self.run(
            fixture,
            [
                "INSERT INTO items VALUE {'pk': 'b', 'sk': 1}", "INSERT INTO items VALUE {'pk': 'a', 'sk': 1}",
                "UPDATE items SET x = 2 WHERE pk = 'a' AND sk = 1 RETURNING MODIFIED OLD *",
                "UPDATE items SET x = 2 WHERE pk = 'a'", "DELETE FROM items WHERE pk = 'a' AND sk = 2 AND x = 9",
                "DELETE FROM items WHERE pk = 'none' AND sk = 1", "INSERT INTO nowhere VALUE {'pk': 'a'}",
                "DROP TABLE items",
                "INSERT INTO items VALUE ?", "DELETE FROM items WHERE pk = 'a' AND sk = 3 RETURNING ALL NEW *",
            ]
        )
        #expect(
            Self.lines(answer) == [
                "items", "items: DuplicateItem: Duplicate primary key exists in table", "items: x",
                "items: ValidationError: Where clause does not contain a mandatory equality on all key attributes",
                "items: ConditionalCheckFailed: The conditional request failed", "items",
                "-: ResourceNotFound: Requested resource not found",
                "-: ValidationError: Statement wasn't well formed, can't be processed: Expected data manipulation",
                "-: ValidationError: Number of parameters in request and statement don't match.",
                "-: ValidationError: RETURNING ALL NEW * is not supported in a DELETE statement",
            ]
        )
        #expect(answer.responses?[2].item.map(shown) == ["x": int(1)])
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(2))
        #expect(try await fixture.stored(key("b", 1)) != nil)
    }

    @Test func `each read names one item, and no more than that`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let sentence =
            "items: ValidationError: Select statements within BatchExecuteStatement must specify the primary key in the "
            + "where clause."
        let answer = try await Self.run(
            fixture,
            [
                "SELECT * FROM items WHERE pk = 'a' AND sk = 1", "SELECT x FROM items WHERE sk = 1 AND pk = 'a'",
                "SELECT * FROM items WHERE pk = 'a' AND sk = 2", "SELECT * FROM items WHERE pk = 'a'",
                "SELECT * FROM items",
                "SELECT * FROM items WHERE pk = 'a' AND sk = 1 AND x = 1", "SELECT * FROM items.whole WHERE gp = 'a'",
                "SELECT * FROM items WHERE pk = 'a' AND sk = '1'",
            ]
        )
        #expect(
            Self.lines(answer) == [
                "items: pk sk x", "items: x", "items", sentence, sentence, sentence, sentence,
                "items: ValidationError: The provided key element does not match the schema",
            ]
        )
    }

    @Test func `a condition that fails shows its item when asked to`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let answer = try await Self.run(fixture, ["DELETE FROM items WHERE pk = 'a' AND sk = 1 AND x = 2"]) {
            $0.statements[0].returnValuesOnConditionCheckFailure = .allOld
        }
        #expect(answer.responses?[0].error?.item.map(shown)?["x"] == int(1))
    }

    @Test func `reads and writes do not mix`() async throws {
        let fixture = try await ItemFixture()
        let wording = await wording { () throws(ServiceError) in
            try await Self.run(
                fixture,
                ["SELECT * FROM items WHERE pk = 'a' AND sk = 1", "DELETE FROM items WHERE pk = 'a' AND sk = 1"]
            )
        }
        #expect(
            wording
                == "BatchExecuteStatement API does not support both read and write operations in the same request."
        )
    }

    @Test func `each statement is charged`() async throws {
        let fixture = try await ItemFixture()
        let writes = try await Self.run(
            fixture, ["INSERT INTO items VALUE {'pk': 'a', 'sk': 1}", "INSERT INTO items VALUE {'pk': 'a', 'sk': 2}"]
        ) { $0.returnConsumedCapacity = .total }
        #expect(writes.consumedCapacity?.map(shown) == ["items 1.0", "items 1.0"])
        let reads = try await Self.run(
            fixture, ["SELECT * FROM items WHERE pk = 'a' AND sk = 1", "SELECT * FROM items WHERE pk = 'a' AND sk = 9"]
        ) {
            $0.returnConsumedCapacity = .total
            $0.statements[1].consistentRead = true
        }
        #expect(reads.consumedCapacity?.map(shown) == ["items 0.5", "items 1.0"])
        #expect(try await Self.run(fixture, ["DELETE FROM items WHERE pk = 'a' AND sk = 1"]).consumedCapacity == nil)
    }

    @Test func `access is that of each statement, once`() async throws {
        let fixture = try await ItemFixture()
        let input = BatchExecuteStatementInput(
            statements: ["SELECT * FROM items", "SELECT x FROM items", "SELECT * FROM others"].map {
                BatchStatementRequest(statement: $0)
            }
        )
        let accesses = fixture.service.access(input, fixture.context)
        #expect(accesses.map(\.action) == ["dynamodb:PartiQLSelect", "dynamodb:PartiQLSelect"])
        #expect(accesses.map { $0.resource.split(separator: "/").last } == ["items", "others"])
        #expect(accesses[0].conditionKeys == ["dynamodb:EnclosingOperation": ["BatchExecuteStatement"]])
    }
}
