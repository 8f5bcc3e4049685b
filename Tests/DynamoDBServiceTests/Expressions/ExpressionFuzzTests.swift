import DynamoDBService
import DynamoDBValues
import Primitives
import TestSupport
import Testing

/// No text ends the process, hangs, or is refused without a sentence.
struct ExpressionFuzzTests {
    private static let hostile = HostileText(
        seeds: [
            "a = :n AND (b <> :s OR NOT attribute_exists(#c.d[3]))", "size(a.b[1]) BETWEEN :n AND :n",
            "a IN (:n, :s, b)", "begins_with(a, :s) and contains(b, :n)", "attribute_type(a, :s)",
            "SET a = if_not_exists(a, :n) + :n, b.c = list_append(:l, b.c) REMOVE d[0] ADD e :n DELETE f :ss",
            "SET #c = a - (b + :n)", "a, b.c, #c[2].d", "pk = :s AND sk BETWEEN :n AND :n",
            "pk = :s AND begins_with(sk, :s)",
        ],
        parts: [
            "a", "#c", ":n", ":s", "=", "<>", "<", ">=", "(", ")", "[", "]", "0", "12", ",", ".", "+", "-", " AND ",
            " OR ", " NOT ", " IN ", " BETWEEN ", "SET ", " REMOVE ", " ADD ", " DELETE ", "size(", "attribute_exists(",
            "if_not_exists(", "list_append(", "contains(", "ü", "😀", "!", "\n", "abort",
        ])

    /// Compiles a text as every kind, and applies what compiles.
    private static func exercise(_ text: String, _ subject: AttributeMap) throws(ValidationFailure) {
        let values = item([
            (":n", number("1")), (":s", .s("S")), (":l", .l([.null])), (":ss", .ss(["x"])),
        ])
        func attempt(_ body: (inout ExpressionContext) throws(ValidationFailure) -> Void) throws(ValidationFailure) {
            var context = try ExpressionContext(names: ["#c": "c"], values: values)
            let message = refusal { () throws(ValidationFailure) in try body(&context) }
            if let message { #expect(!message.isEmpty) }
        }
        try attempt { (context) throws(ValidationFailure) in
            let condition = try context.condition(text)
            _ = condition.holds(for: subject)
            _ = condition.holds(for: nil)
        }
        try attempt { (context) throws(ValidationFailure) in
            _ = try context.keyCondition(text).resolved(
                KeySchema(partition: [KeyElement("pk", .s)], sort: [KeyElement("sk", .n)])
            )
        }
        try attempt { (context) throws(ValidationFailure) in _ = try context.projection(text).apply(to: subject) }
        try attempt { (context) throws(ValidationFailure) in
            let plan = try context.update(text)
            let after = try plan.apply(to: subject, key: item([("pk", .s("p"))]))
            _ = plan.updatedAttributes(of: after)
        }
    }

    private static let subject = item([
        ("pk", .s("p")), ("a", number("1")), ("b", map([("c", .l([.null]))])), ("c", .l([map([("d", .l([]))])])),
        ("d", .l([.s("x")])), ("e", number("2")), ("f", .ss(["x", "y"])),
    ])

    @Test func `mutated and random texts are read or refused`() throws {
        let seed = SeededRandomSource.testSeed(0xDB6)
        var random = SeededGenerator(seed: seed)
        for round in 0..<4000 {
            let text = Self.hostile.text(round: round, using: &random)
            let failure = refusal { () throws(ValidationFailure) in try Self.exercise(text, Self.subject) }
            #expect(failure == nil, "seed \(seed), text \(text)")
        }
    }

    @Test(arguments: ["(", "a.", "a[0]", "NOT ", "((a=:n)", "a=:n OR ", "size(", "if_not_exists(a,", ",a", "#c,"])
    func `long repetitions end`(_ part: String) throws {
        for prefix in ["", "SET a = ", "REMOVE a"] {
            let text = prefix + String(repeating: part, count: 4000 / part.utf8.count)
            let failure = refusal { () throws(ValidationFailure) in try Self.exercise(text, Self.subject) }
            #expect(failure == nil)
        }
    }
}
