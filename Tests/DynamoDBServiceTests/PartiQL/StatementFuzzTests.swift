import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import TestSupport
import Testing

/// No statement ends the process, hangs, or is refused as the server's fault.
struct StatementFuzzTests {
    private static let hostile = HostileText(
        seeds: [
            "SELECT * FROM items WHERE pk = 'a' AND sk BETWEEN 1 AND ? ORDER BY sk DESC",
            "SELECT a.b[0], \"c\" FROM \"items\".\"local\" WHERE pk IN ['a', ?] AND NOT (ls IS MISSING OR size(x) > 3)",
            "SELECT * FROM items.whole WHERE gp = ? OR gp = 'g'",
            "INSERT INTO items VALUE {'pk': 'a', 'sk': 1, 'l': [1, ?, {'m': <<'x', 'y'>>}], 'n': null, 't': true}",
            "UPDATE items SET a = a + 1, b.c = list_append(b.c, [?]) REMOVE d[0] SET e = set_add(e, <<1>>) "
                + "WHERE pk = 'a' AND sk = 1 AND begins_with(f, 'g') RETURNING MODIFIED NEW *",
            "DELETE FROM items WHERE pk = 'a' AND sk = -1.5e2 AND attribute_type(a, 'S') RETURNING ALL OLD *",
            "EXISTS(SELECT * FROM items WHERE pk = 'a' AND sk = 1 AND contains(a, 'b'))",
        ],
        parts: [
            "SELECT ", "* ", " FROM ", "items", "\"items\"", ".", "local", " WHERE ", "pk", "sk", "a", "=", "<>", "!=",
            "<", ">=", "<<", ">>", "'a'", "'", "\"", "?", "1", "-", "+", "1e5", "(", ")", "[", "]", "{", "}",
            "'pk': 'a'", ":", ",", ";", " AND ", " OR ", " NOT ", " IN ", " BETWEEN ", " IS ", " MISSING ", " NULL ",
            "INSERT INTO ", " VALUE ", "UPDATE ", " SET ", " REMOVE ", "DELETE ", " RETURNING ", " ALL OLD *",
            " ORDER BY ", " DESC", "size(", "list_append(", "set_delete(", "contains(", "EXISTS(", "--", "/*", "*/",
            "ü", "😀", "\n", "`", "@",
        ])

    /// Runs a statement with as many parameters as it takes, or nearly.
    private static func exercise(_ text: String, _ fixture: ItemFixture, _ seed: UInt64) async {
        let parameters = text.utf8.reduce(0) { $1 == UInt8(ascii: "?") ? $0 + 1 : $0 }
        let values: [AttributeValue] = [.s("a"), int(1), .l([.null]), .ss(["x"]), map([("pk", .s("a"))])]
        let refusal = await refused { () throws(ServiceError) in
            try await fixture.execute(text, (0..<min(parameters, 20)).map { values[$0 % values.count] })
        }
        guard let refusal else { return }
        #expect(!refusal.message.isEmpty && refusal.status == 400, "seed \(seed), statement \(text)")
        _ = fixture.service.access(ExecuteStatementInput(statement: text), fixture.context)
    }

    private static func fixture() async throws(ServiceError) -> ItemFixture {
        let fixture = try await ItemFixture(ItemFixture.indexed)
        try await fixture.put(key("a", 1) + [("a", int(1)), ("b", map([("c", .l([.null]))])), ("e", .ns([]))])
        return fixture
    }

    @Test func `mutated and random statements are executed or refused`() async throws {
        let seed = SeededRandomSource.testSeed(0x9A27)
        var random = SeededGenerator(seed: seed)
        let fixture = try await Self.fixture()
        for round in 0..<4000 {
            await Self.exercise(Self.hostile.text(round: round, using: &random), fixture, seed)
        }
    }

    @Test(arguments: [
        "(", "[", "{'a':", "<<", "NOT ", "a=1 AND ", "a=1 OR ", "(a=1 OR ", "a.", "a[0]", "1+", "size(", "-", "''",
        "?,", "'a','a',",
    ])
    func `long repetitions end`(_ part: String) async throws {
        let fixture = try await Self.fixture()
        for prefix in ["", "SELECT * FROM items WHERE ", "UPDATE items SET a = ", "INSERT INTO items VALUE {'pk': ["] {
            let text = prefix + String(repeating: part, count: (8192 - prefix.utf8.count - 3) / part.utf8.count)
            for end in ["", "a=1"] { await Self.exercise(text + end, fixture, 0) }
        }
    }
}
