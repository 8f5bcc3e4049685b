import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

/// INSERT, UPDATE and DELETE; `ExecuteStatementSelectTests` has SELECT.
struct ExecuteStatementTests {
    private static let conditionFailed = "The conditional request failed"

    @Test func `an item is inserted once`() async throws {
        let fixture = try await ItemFixture()
        let statement = "INSERT INTO items VALUE {'pk': 'a', 'sk': 1, 'x': 'first'}"
        #expect(try await fixture.execute(statement).items == [])
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.execute("INSERT INTO items VALUE {'pk': 'a', 'sk': 1}")
        }
        #expect(refusal?.code == "DuplicateItemException")
        #expect(refusal?.message == "Duplicate primary key exists in table")
        #expect(try await fixture.stored(key("a", 1))?["x"] == .s("first"))
    }

    @Test(
        arguments: [
            ("{'pk': 'a'}", "One or more parameter values were invalid: Missing the key sk in the item"),
            (
                "{'pk': 'a', 'sk': '1'}",
                "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S"
            ),
            (
                "{'pk': '', 'sk': 1}",
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty string value. Key: pk"
            ),
            ("5", "Statement wasn't well formed, can't be processed: Expected a tuple as the item"),
        ] as [(String, String)]
    )
    func `an item without a lawful key is not inserted`(_ item: String, _ sentence: String) async throws {
        let fixture = try await ItemFixture()
        #expect(await fixture.statementWording("INSERT INTO items VALUE \(item)") == sentence)
    }

    @Test func `a whole item may be a parameter, and may not be too large`() async throws {
        let fixture = try await ItemFixture()
        // Names and values: 2 + 1, 2 + 2, 1 + the text.
        let largest = map(key("a", 1) + [("x", text(409_600 - 8))])
        try await fixture.execute("INSERT INTO items VALUE ?", [largest])
        let larger = map(key("a", 2) + [("x", text(409_600 - 7))])
        #expect(
            await fixture.statementWording("INSERT INTO items VALUE ?", [larger])
                == "Item size has exceeded the maximum allowed size"
        )
    }

    @Test func `an update changes what it names, all from the item as it was`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(
            key("a", 1) + [
                ("n", int(5)), ("list", .l([int(1), int(2)])), ("map", map([("x", int(1))])), ("set", .ss(["a", "b"])),
                ("gone", int(0)),
            ])
        try await fixture.execute(
            """
            UPDATE items SET n = n + ?, other = n - 1 SET "map".y = [1] SET "list" = list_append("list", [3])
            REMOVE gone
            SET "set" = set_add("set", <<'c'>>) SET fresh = set_add(fresh, <<1>>) WHERE sk = 1 AND 'a' = pk
            """,
            [int(2)]
        )
        let stored = try await fixture.stored(key("a", 1))
        #expect(
            stored == [
                "pk": .s("a"), "sk": int(1), "n": int(7), "other": int(4),
                "map": map([("x", int(1)), ("y", .l([int(1)]))]),
                "list": .l([int(1), int(2), int(3)]), "set": .ss(["a", "b", "c"]), "fresh": .ns([DynamoDBNumber(1)]),
            ]
        )
        try await fixture.execute(
            "UPDATE items SET \"set\" = set_delete(\"set\", <<'a', 'z'>>) WHERE pk = 'a' AND sk = 1")
        #expect(try await fixture.stored(key("a", 1))?["set"] == .ss(["b", "c"]))
    }

    @Test(
        arguments: [
            (
                "SET pk = 'b'",
                "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
            ),
            (
                "SET x = 1 SET x = 2",
                "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these "
                    + "paths; path one: [x], path two: [x]"
            ),
            (
                "SET n = n + 'a'",
                "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, "
                    + "operand type: S"
            ),
            ("SET n = missing_one", "The provided expression refers to an attribute that does not exist in the item"),
            ("SET n.x = 1", "The document path provided in the update expression is invalid for update"),
            ("SET n = list_append(n, [1])", "An operand in the update expression has an incorrect data type"),
            ("SET n = set_add(x, <<1>>)", "The first argument to SET_ADD must equal the assignment value at 1:22:7"),
            (
                "SET n = 2\n\tSET \"é\" = set_delete(<<1>>, <<1>>)",
                "The first argument to SET_DELETE must equal the assignment value at 2:12:10"
            ),
            (
                "SET n = set_add(n)", "Invalid UpdateExpression: set_add takes the path that is set and the set to add"
            ),
            ("SET n = set_add(n, 1)", "Invalid UpdateExpression: set_add requires a set as its second operand"),
            ("SET n = size(n)", "Unsupported function: size"), ("SET n.\"\" = 1", "Empty attribute name"),
        ] as [(String, String)]
    )
    func `an update that cannot be is refused`(_ changes: String, _ sentence: String) async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("n", int(5))])
        #expect(await fixture.statementWording("UPDATE items \(changes) WHERE pk = 'a' AND sk = 1") == sentence)
    }

    @Test(
        arguments: [
            "", "WHERE pk = 'a'", "WHERE pk = 'a' AND sk > 0", "WHERE pk = 'a' OR sk = 1",
            "WHERE pk IN ['a'] AND sk = 1",
        ]
    )
    func `a write names its item by equality`(_ clause: String) async throws {
        let fixture = try await ItemFixture()
        let sentence = "Where clause does not contain a mandatory equality on all key attributes"
        #expect(await fixture.statementWording("UPDATE items SET x = 1 \(clause)") == sentence)
        #expect(await fixture.statementWording("DELETE FROM items \(clause)") == sentence)
    }

    @Test func `an update makes no item, and a delete of none is done`() async throws {
        let fixture = try await ItemFixture()
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.execute("UPDATE items SET x = 1 WHERE pk = 'a' AND sk = 1")
        }
        #expect(refusal?.code == "ConditionalCheckFailedException")
        #expect(refusal?.message == Self.conditionFailed)
        #expect(try await fixture.execute("DELETE FROM items WHERE pk = 'a' AND sk = 1").items == [])
        #expect(try await fixture.execute("DELETE FROM items WHERE pk = 'a' AND sk = 1 AND x = 2").items == [])
        #expect(try await fixture.stored(key("a", 1)) == nil)
    }

    @Test func `what the clause says besides the key is a condition`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1))])
        for statement in [
            "UPDATE items SET x = 2 WHERE pk = 'a' AND sk = 1 AND x = 2",
            "DELETE FROM items WHERE pk = 'a' AND sk = 1 AND x > 1",
            "DELETE FROM items WHERE pk = 'a' AND sk = 1 AND pk = 'b'",
        ] {
            for shows in [nil, ReturnValuesOnConditionCheckFailure.allOld] {
                let refusal = await refused { () throws(ServiceError) in
                    try await fixture.execute(statement) { $0.returnValuesOnConditionCheckFailure = shows }
                }
                let detail = refusal?.detail as? ConditionalCheckFailedException
                #expect(refusal?.message == Self.conditionFailed)
                #expect((detail?.item?["x"]?.tree == int(1)) == (shows != nil))
            }
        }
        try await fixture.execute("UPDATE items SET x = 2 WHERE pk = 'a' AND sk = 1 AND (x = 1 OR x IS MISSING)")
        try await fixture.execute("DELETE FROM items WHERE pk = 'a' AND sk = 1 AND NOT x = 1")
        #expect(try await fixture.stored(key("a", 1)) == nil)
    }

    @Test func `RETURNING shows the item before or after, whole or what was changed`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("x", int(1)), ("doc", map([("y", int(1)), ("z", int(1))]))])
        func update(_ changes: String, _ returning: String) async throws(ServiceError) -> [[String: AttributeValue]] {
            try await fixture.rows("UPDATE items \(changes) WHERE pk = 'a' AND sk = 1 RETURNING \(returning) *")
        }
        #expect(try await update("SET x = 2", "ALL OLD").map { $0["x"] } == [int(1)])
        let whole = try await update("SET x = 3", "ALL NEW")
        #expect(whole.map { $0["x"] } == [int(3)])
        #expect(whole.map { $0["pk"] } == [.s("a")])
        #expect(try await update("SET x = 4", "MODIFIED OLD") == [["x": int(3)]])
        #expect(
            try await update("SET x = 5, doc.y = 2", "MODIFIED NEW") == [["x": int(5), "doc": map([("y", int(2))])]])
        #expect(try await update("SET fresh = 1", "MODIFIED OLD") == [])
        #expect(try await update("REMOVE fresh", "MODIFIED NEW") == [])
        #expect(
            try await fixture.rows("DELETE FROM items WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *").map { $0["x"] }
                == [int(5)]
        )
        #expect(try await fixture.rows("DELETE FROM items WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *") == [])
    }

    @Test func `writers at once lose nothing`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1) + [("n", int(0))])
        let inserted = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    await refused { () throws(ServiceError) in
                        try await fixture.execute("UPDATE items SET n = n + 1 WHERE pk = 'a' AND sk = 1")
                        try await fixture.execute("INSERT INTO items VALUE {'pk': 'a', 'sk': 2, 'n': ?}", [int(number)])
                    } == nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(inserted == 1)
        #expect(try await fixture.stored(key("a", 1))?["n"] == int(20))
    }

    @Test func `what is no key of the table's type is refused`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await fixture.statementWording("DELETE FROM items WHERE pk = 'a' AND sk = '1'")
                == "The provided key element does not match the schema"
        )
    }

    @Test func `a table that is not there is not found`() async throws {
        let fixture = try await ItemFixture()
        for statement in [
            "SELECT * FROM nowhere", "INSERT INTO nowhere VALUE {'pk': 'a'}", "UPDATE nowhere SET x = 1 WHERE pk = 'a'",
            "DELETE FROM nowhere WHERE pk = 'a'",
        ] {
            #expect(await refused { () throws(ServiceError) in try await fixture.execute(statement) } == tableMissing)
        }
    }

    @Test func `EXISTS stands in transactions only`() async throws {
        let fixture = try await ItemFixture()
        #expect(
            await fixture.statementWording("EXISTS(SELECT * FROM items WHERE pk = 'a' AND sk = 1 AND x = 1)")
                == "EXISTS is supported in transactions only"
        )
    }

    @Test func `indexes follow, and writes are charged with them`() async throws {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        let answer = try await fixture.execute("INSERT INTO items VALUE {'pk': 'a', 'sk': 1, 'gp': 'g', 'gs': 1}") {
            $0.returnConsumedCapacity = .indexes
        }
        #expect(shown(answer.consumedCapacity) == "items 3.0, table 1.0, global global 1.0, global whole 1.0")
        #expect(try await fixture.rows("SELECT sk FROM items.\"global\" WHERE gp = 'g' AND gs < 2").count == 1)
    }

    @Test(
        arguments: [
            ("SELECT * FROM items", "dynamodb:PartiQLSelect", "table/items"),
            ("SELECT * FROM items.\"local\" WHERE pk = ?", "dynamodb:PartiQLSelect", "table/items/index/local"),
            ("INSERT INTO items VALUE {'pk': ?}", "dynamodb:PartiQLInsert", "table/items"),
            ("UPDATE items SET x = 1", "dynamodb:PartiQLUpdate", "table/items"),
            ("DELETE FROM items", "dynamodb:PartiQLDelete", "table/items"),
        ] as [(String, String, String)]
    )
    func `access is that of the statement`(_ statement: String, _ action: String, _ resource: String) async throws {
        let fixture = try await ItemFixture()
        let access = fixture.service.access(ExecuteStatementInput(statement: statement), fixture.context)
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:\(resource)"
        #expect(access == [ResourceAccess(action: action, resource: arn)])
    }

    @Test func `a statement that cannot be read touches nothing`() async throws {
        let fixture = try await ItemFixture()
        let access = fixture.service.access(ExecuteStatementInput(statement: "DROP TABLE items"), fixture.context)
        #expect(access.isEmpty)
    }
}
