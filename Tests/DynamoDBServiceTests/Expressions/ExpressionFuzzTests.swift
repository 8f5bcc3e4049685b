import DynamoDBService
import DynamoDBValues
import Primitives
import Testing

/// No text ends the process, hangs, or is refused without a sentence.
struct ExpressionFuzzTests {
    private static let seeds = [
        "a = :n AND (b <> :s OR NOT attribute_exists(#c.d[3]))", "size(a.b[1]) BETWEEN :n AND :n", "a IN (:n, :s, b)",
        "begins_with(a, :s) and contains(b, :n)", "attribute_type(a, :s)",
        "SET a = if_not_exists(a, :n) + :n, b.c = list_append(:l, b.c) REMOVE d[0] ADD e :n DELETE f :ss",
        "SET #c = a - (b + :n)", "a, b.c, #c[2].d", "pk = :s AND sk BETWEEN :n AND :n",
        "pk = :s AND begins_with(sk, :s)",
    ]
    private static let parts = [
        "a", "#c", ":n", ":s", "=", "<>", "<", ">=", "(", ")", "[", "]", "0", "12", ",", ".", "+", "-", " AND ", " OR ",
        " NOT ",
        " IN ", " BETWEEN ", "SET ", " REMOVE ", " ADD ", " DELETE ", "size(", "attribute_exists(", "if_not_exists(",
        "list_append(", "contains(", "ü", "😀", "!", "\n", "abort",
    ]

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
            var bytes: [UInt8]
            switch round % 3 {
            case 0:
                bytes = Array((Self.seeds.randomElement(using: &random) ?? "").utf8)
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0...bytes.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0 where place < bytes.count: bytes.remove(at: place)
                    case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 32..<127, using: &random)
                    default:
                        bytes.insert(
                            contentsOf: Array((Self.parts.randomElement(using: &random) ?? "").utf8), at: place)
                    }
                }
            case 1:
                bytes = []
                for _ in 0..<Int.random(in: 0...40, using: &random) {
                    bytes += Array((Self.parts.randomElement(using: &random) ?? "").utf8)
                }
            default:
                bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
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
