import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

struct ExecuteTransactionTests {
    private static let cancelled = "Transaction cancelled, please refer cancellation reasons for specific reasons "

    private static func run(
        _ fixture: ItemFixture, _ statements: [String],
        _ change: (inout ExecuteTransactionInput) -> Void = { _ in }
    ) async throws(ServiceError) -> ExecuteTransactionOutput {
        var input = ExecuteTransactionInput(
            transactStatements: statements.map { ParameterizedStatement(statement: $0) }
        )
        change(&input)
        return try await fixture.service.executeTransaction(input, fixture.context)
    }

    @Test func `writes are done as one, under conditions of other items`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        try await fixture.put(key("a", 2))
        try await fixture.put(key("a", 3) + [("x", int(3))])
        let answer = try await Self.run(
            fixture,
            [
                "EXISTS(SELECT * FROM items WHERE pk = 'a' AND sk = 3 AND x > 2)",
                "INSERT INTO items VALUE {'pk': 'b', 'sk': ?}",
                "UPDATE items SET x = x + 1 WHERE pk = 'a' AND sk = 1", "DELETE FROM items WHERE pk = 'a' AND sk = 2",
                "DELETE FROM items WHERE pk = 'none' AND sk = 2 AND x = 1",
            ]
        ) { $0.transactStatements[1].parameters = [BoundAttributeValue(int(1))] }
        #expect(answer.responses?.count == 5)
        #expect(answer.responses?.allSatisfy { $0.item == nil } == true)
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(2))
        #expect(try await fixture.stored(key("a", 2)) == nil)
        #expect(try await fixture.stored(key("b", 1)) != nil)
    }

    @Test func `one that fails cancels everything, and every statement has a reason`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let refusal = await refused { () throws(ServiceError) in
            try await Self.run(
                fixture,
                [
                    "INSERT INTO items VALUE {'pk': 'b', 'sk': 1}", "INSERT INTO items VALUE {'pk': 'a', 'sk': 1}",
                    "UPDATE items SET x = 2 WHERE pk = 'none' AND sk = 1",
                    "EXISTS(SELECT * FROM items WHERE pk = 'none' AND sk = 2 AND x IS MISSING)",
                ]
            )
        }
        #expect(
            refusal?.message
                == Self.cancelled + "[None, DuplicateItem, ConditionalCheckFailed, ConditionalCheckFailed]"
        )
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?[1].message == "Duplicate primary key exists in table")
        #expect(try await fixture.stored(key("b", 1)) == nil)
    }

    @Test func `a condition that fails shows its item when asked to`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let refusal = await refused { () throws(ServiceError) in
            try await Self.run(fixture, ["UPDATE items SET x = 2 WHERE pk = 'a' AND sk = 1 AND x = 9"]) {
                $0.transactStatements[0].returnValuesOnConditionCheckFailure = .allOld
            }
        }
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?[0].item.map(shown)?["x"] == int(1))
    }

    @Test func `a write that names no item cancels`() async throws {
        let fixture = try await ItemFixture()
        let refusal = await refused { () throws(ServiceError) in
            try await Self.run(
                fixture, ["INSERT INTO items VALUE {'pk': 'b', 'sk': 1}", "UPDATE items SET x = 2 WHERE pk = 'a'"]
            )
        }
        #expect(refusal?.message == Self.cancelled + "[None, ValidationError]")
        let reasons = (refusal?.detail as? TransactionCanceledException)?.cancellationReasons
        #expect(reasons?[1].message == "The provided key element does not match the schema")
    }

    @Test func `reads are of one moment, in the order of the statements`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let answer = try await Self.run(
            fixture,
            [
                "SELECT * FROM items WHERE pk = 'a' AND sk = 9", "SELECT x FROM items WHERE pk = 'a' AND sk = 1",
            ]
        ) { $0.returnConsumedCapacity = .total }
        #expect(answer.responses?.map { $0.item.map(shown) } == [nil, ["x": int(1)]])
        #expect(answer.consumedCapacity?.map(shown) == ["items 2.0", "items 2.0"])
    }

    @Test(
        arguments: [
            (
                "SELECT * FROM items WHERE pk = 'a'",
                "Select statements within ExecuteTransaction must specify the primary key in the where clause."
            ),
            (
                "SELECT * FROM items WHERE pk = 'a' AND sk = 1 AND x = 1",
                "Select statements within ExecuteTransaction must specify the primary key in the where clause."
            ),
            (
                "SELECT * FROM items.\"local\" WHERE pk = 'a'",
                "A transaction of statements reads tables only, not indexes."
            ),
            (
                "UPDATE items SET x = 1 WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *",
                "A statement of a transaction cannot have a RETURNING clause."
            ),
            (
                "EXISTS(SELECT * FROM items WHERE pk = 'a' AND sk = 1)",
                "EXISTS takes a SELECT of one item by its primary key with a further condition"
            ),
            (
                "EXISTS(SELECT * FROM items WHERE pk = 'a' AND x = 1)",
                "EXISTS takes a SELECT of one item by its primary key with a further condition"
            ),
            ("DROP TABLE items", "Statement wasn't well formed, can't be processed: Expected data manipulation"),
            ("INSERT INTO items VALUE ?", "Number of parameters in request and statement don't match."),
        ] as [(String, String)]
    )
    func `what no transaction may have is refused with its place`(_ statement: String, _ sentence: String) async throws
    {
        let fixture = try await ItemFixture()
        let wording = await wording { () throws(ServiceError) in try await Self.run(fixture, [statement]) }
        #expect(wording == "Validation failed in TransactStatements[0]: \(sentence)")
    }

    @Test func `reads and writes do not mix, and no item comes twice`() async throws {
        let fixture = try await ItemFixture()
        let read = "SELECT * FROM items WHERE pk = 'a' AND sk = 1"
        let write = "DELETE FROM items WHERE pk = 'a' AND sk = 1"
        let mixed = await wording { () throws(ServiceError) in try await Self.run(fixture, [read, write]) }
        #expect(
            mixed == "ExecuteTransaction API does not support both read and write operations in the same request."
        )
        for twice in [[read, read], [write, write]] {
            #expect(
                await wording { () throws(ServiceError) in try await Self.run(fixture, twice) }
                    == "Transaction request cannot include multiple operations on one item"
            )
        }
    }

    @Test func `a token does its statements once, and no others`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        let statements = [
            "UPDATE items SET x = x + 1 WHERE pk = 'a' AND sk = 1", "INSERT INTO items VALUE {'pk': 'b', 'sk': 1}",
        ]
        for _ in 0..<2 {
            _ = try await Self.run(fixture, statements) { $0.clientRequestToken = "once" }
        }
        #expect(try await fixture.stored(key("a", 1))?["x"] == int(2))
        let refusal = await refused { () throws(ServiceError) in
            try await Self.run(fixture, [statements[0]]) { $0.clientRequestToken = "once" }
        }
        #expect(refusal?.code == "IdempotentParameterMismatchException")
    }

    @Test func `a table that is not there is not found`() async throws {
        let fixture = try await ItemFixture()
        for statement in ["SELECT * FROM nowhere WHERE pk = 'a'", "DELETE FROM nowhere WHERE pk = 'a'"] {
            #expect(
                await refused { () throws(ServiceError) in try await Self.run(fixture, [statement]) } == tableMissing)
        }
    }

    @Test func `units of the table are charged twice, for each statement`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let answer = try await Self.run(fixture, ["INSERT INTO items VALUE {'pk': 'a', 'sk': 1, 'gp': 'g'}"]) {
            $0.returnConsumedCapacity = .indexes
        }
        #expect(answer.consumedCapacity?.map(shown) == ["items 3.0, table 2.0, global whole 1.0"])
    }

    @Test func `access is that of each statement, within the transaction`() async throws {
        let fixture = try await ItemFixture()
        let input = ExecuteTransactionInput(transactStatements: [
            ParameterizedStatement(statement: "EXISTS(SELECT * FROM items WHERE pk = 'a' AND sk = 1 AND x = 1)"),
            ParameterizedStatement(statement: "DELETE FROM items WHERE pk = 'a' AND sk = 2"),
        ])
        let accesses = fixture.service.access(input, fixture.context)
        #expect(accesses.map(\.action) == ["dynamodb:PartiQLSelect", "dynamodb:PartiQLDelete"])
        #expect(accesses[1].conditionKeys == ["dynamodb:EnclosingOperation": ["ExecuteTransaction"]])
    }
}
