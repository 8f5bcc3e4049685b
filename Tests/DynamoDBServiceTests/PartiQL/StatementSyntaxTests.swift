import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import ServiceModel
import Testing

/// How statements are read, and with which words they are not.
struct StatementSyntaxTests {
    private static let malformed = "Statement wasn't well formed, can't be processed: "

    @Test(
        arguments: [
            ("", "Expected data manipulation"), ("SLECT * FROM items", "Expected data manipulation"),
            ("SELECT", "Unexpected term"), ("SELECT FROM items", "Unexpected keyword"),
            ("SELECT * WHERE pk = 'a'", "Expected FROM after SELECT list"),
            (
                "SELECT *, a FROM items",
                "Other expressions may not be present in the select list when '*' is used "
                    + "without dot notation."
            ),
            ("SELECT * FROM items WHERE pk = 'a", ""), ("SELECT * FROM \"items", ""), ("SELECT * FROM `items`", ""),
            ("SELECT * FROM items WHERE", "Unexpected term"),
            ("SELECT * FROM (SELECT * FROM items WHERE pk = 'a'", "Expected RIGHT_PAREN"),
            ("SELECT * FROM items WHERE a = 1 = 2", "Unexpected token after expression"),
            ("SELECT * FROM items WHERE key = 1", "Unexpected keyword"),
            ("SELECT * FROM items; SELECT", "Unexpected token after expression"),
            ("INSERT INTO items (pk) VALUES ('a')", "Unexpected token after expression"),
            ("INSERT INTO items (key, url) VALUES (?, ?)", "Unexpected keyword"),
            ("INSERT INTO items VALUE {'pk' 'a'}", "Expected COLON"),
            ("UPDATE items-two SET a = 1", "Expected data manipulation"),
            ("UPDATE items SET a 1 WHERE pk = 'a'", "Expected '='"),
            ("DELETE items", "Expected FROM after DELETE"),
            (
                "DELETE FROM items WHERE pk = 'a' RETURNING OLD",
                "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element."
            ),
        ] as [(String, String)]
    )
    func `what is no statement is refused with the place's words`(_ statement: String, _ detail: String) async throws {
        let fixture = try await ItemFixture()
        #expect(await fixture.statementWording(statement) == Self.malformed + detail)
    }

    @Test(
        arguments: [
            ("SELECT a AS b FROM items", "Aliasing is not supported"),
            ("SELECT * FROM items i", "Aliasing is not supported"),
            ("SELECT * FROM items, items", "Only select from a single table or index is supported."),
            (
                "SELECT * FROM (SELECT * FROM items WHERE pk = 'a') AS some",
                "Only select from a single table or index is supported."
            ),
            ("SELECT * FROM a.b.c", "A path may contain at most 2 components in the FROM clause"),
            ("SELECT * FROM items LIMIT 10", "Unsupported clause: LIMIT at 1:27:2"),
            ("SELECT * FROM items WHERE a = 'b' GROUP BY a", "Unsupported clause: GROUP"),
            ("DELETE FROM items.global_index WHERE pk = 'a'", "A statement that writes takes a table, not an index"),
            (
                "DELETE FROM items WHERE pk = 'a' AND sk = 1 RETURNING ALL NEW *",
                "RETURNING ALL NEW * is not supported in a DELETE statement"
            ),
            ("SELECT * FROM items WHERE upper_case(a) = 'A'", "Unsupported function: upper_case"),
        ] as [(String, String)]
    )
    func `what DynamoDB does not have is refused by name`(_ statement: String, _ sentence: String) async throws {
        let fixture = try await ItemFixture()
        #expect(await fixture.statementWording(statement) == sentence)
    }

    @Test func `keywords and functions may be written in any case, names are as they are`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.execute("insert into items value {'pk': 'a', 'sk': 1, 'Name': 'n', 'select': 2}")
        #expect(try await fixture.sorts("where pk = 'a' and Begins_With(Name, 'n') and \"select\" = 2;") == [int(1)])
        #expect(try await fixture.sorts("WHERE pk = 'a' AND name IS MISSING") == [int(1)])
    }

    @Test func `comments are passed over`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.put(key("a", 1))
        #expect(try await fixture.sorts("/* all */ WHERE pk = 'a' -- of them\n AND sk = 1") == [int(1)])
    }

    @Test func `literals are values of all types`() async throws {
        let fixture = try await ItemFixture()
        try await fixture.execute(
            """
            INSERT INTO items VALUE {'pk': 'it''s', 'sk': -1.50e1, 'yes': true, 'no': FALSE, 'none': NULL,
            'list': [1, 'a', []],
            'map': {'in': {'deep': ?}}, 'texts': <<'a', 'b'>>, 'numbers': <<1, 2.0>>, "quoted": +3, 'blobs': <<?>>}
            """,
            [.s("x"), .b([1])]
        )
        let stored = try await fixture.stored(key("it's", -15))
        #expect(
            stored == [
                "pk": .s("it's"), "sk": int(-15), "yes": .bool(true), "no": .bool(false), "none": .null,
                "list": .l([int(1), .s("a"), .l([])]), "map": map([("in", map([("deep", .s("x"))]))]),
                "texts": .ss(["a", "b"]), "numbers": .ns([DynamoDBNumber(1), DynamoDBNumber(2)]), "quoted": int(3),
                "blobs": .bs([[1]]),
            ]
        )
    }

    @Test(
        arguments: [
            ("<<>>", "One or more parameter values were invalid: An string set  may not be empty"),
            ("<<'a', 'a'>>", "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
            ("<<1, 1.0>>", "Input collection contains duplicates"),
            ("<<1, 'a'>>", "A set must have members of one type, which is string, number or binary"),
            ("1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
            ("{'b': 1, 'b': 2}", "Duplicate attribute name in a tuple: b"),
            ("[b]", "Only literals and parameters are supported where a value is expected"),
        ] as [(String, String)]
    )
    func `values that cannot be stored are refused`(_ literal: String, _ sentence: String) async throws {
        let fixture = try await ItemFixture()
        let statement = "INSERT INTO items VALUE {'pk': 'a', 'sk': 1, 'a': \(literal)}"
        #expect(await fixture.statementWording(statement) == sentence)
    }

    @Test func `a value may nest 32 levels, and not one more`() async throws {
        let fixture = try await ItemFixture()
        func statement(_ lists: Int) -> String {
            let value = String(repeating: "[", count: lists) + "1" + String(repeating: "]", count: lists)
            return "INSERT INTO items VALUE {'pk': 'a', 'sk': \(lists), 'a': \(value)}"
        }
        try await fixture.execute(statement(30))
        let wording = await fixture.statementWording(statement(40))
        #expect(wording?.hasPrefix("Nesting Levels have exceeded supported limits") == true)
        #expect(
            await fixture.statementWording(statement(101)) == Self.malformed + "Expression is nested too deeply"
        )
    }

    @Test func `as many parameters are given as the statement takes`() async throws {
        let fixture = try await ItemFixture()
        let sentence = "Number of parameters in request and statement don't match."
        #expect(await fixture.statementWording("SELECT * FROM items WHERE pk = ?") == sentence)
        #expect(await fixture.statementWording("SELECT * FROM items WHERE pk = '?'", [.s("a")]) == sentence)
        #expect(await fixture.statementWording("SELECT * FROM items WHERE pk = ?", [.s("a")]) == nil)
    }
}
