import DynamoDBService
import DynamoDBValues
import Testing

/// Which parts of an item a projection shows.
struct ProjectionTests {
    private static let subject = item([
        ("a", .s("1")), ("b", map([("x", number("1")), ("y", .l([.s("p"), .s("q"), .s("r")]))])),
        ("c", .l([map([("k", .s("v")), ("z", .null)]), .s("plain")])), ("d", .null),
    ])

    private static func project(_ text: String) throws -> AttributeTree {
        var context = try ExpressionContext(names: ["#b": "b", "#dot": "a.b"], values: nil)
        return try context.projection(text).apply(to: self.subject).tree
    }

    private static func tree(_ entries: [(String, AttributeValue)]) -> AttributeTree {
        AttributeTree(entries.map { .init($0.0, $0.1) })
    }

    @Test(arguments: [
        Case("a", tree([("a", .s("1"))])),
        Case("d, a", tree([("d", .null), ("a", .s("1"))])),
        Case("absent", tree([])),
        Case("#b.x", tree([("b", map([("x", number("1"))]))])),
        Case("b.y[2], b.y[0]", tree([("b", map([("y", .l([.s("p"), .s("r")]))]))])),
        Case("b.y[9]", tree([])),
        Case("c[0].k, c[1]", tree([("c", .l([map([("k", .s("v"))]), .s("plain")]))])),
        Case("c[0].nope", tree([])),
        Case("a.x, a1", tree([])),
        Case("#dot", tree([])),
    ])
    func `parts keep their place, and lists close up`(_ example: Case<String, AttributeTree>) throws {
        #expect(try Self.project(example.input) == example.output)
    }

    @Test func `whole attributes are shown by name`() {
        let shown = Projection(attributes: ["d", "nope", "a"]).apply(to: Self.subject)
        #expect(shown.tree == Self.tree([("d", .null), ("a", .s("1"))]))
    }

    @Test func `a projection may not look into the key`() throws {
        var context = try ExpressionContext(names: nil, values: nil)
        let keys = KeyNames(KeySchema(partition: [KeyElement("pk", .s)]))
        let into = try context.projection("a, pk[1]")
        #expect(refusal { () throws(ValidationFailure) in try into.check(keys) }?.hasSuffix("allowed: Key: pk") == true)
        let plain = try context.projection("pk, a.b")
        #expect(refusal { () throws(ValidationFailure) in try plain.check(keys) } == nil)
    }
}
