import DynamoDBService
import DynamoDBValues
import KeyValue
import Testing

/// Key conditions: what they may say, and which keys they read.
struct KeyConditionTests {
    private static let schema = KeySchema(partition: [KeyElement("pk", .s)], sort: [KeyElement("sk", .n)])
    private static let values = item([
        (":p", .s("p")), (":q", .s("q")), (":1", number("1")), (":2", number("2")), (":e", .s("")), (":b", .b([1])),
        (":long", .s(String(repeating: "x", count: 2049))), (":sort", .s(String(repeating: "x", count: 1025))),
    ])

    private static func compile(_ text: String) throws(ValidationFailure) -> KeyCondition {
        var context = try ExpressionContext(names: ["#p": "pk", "#s": "sk"], values: self.values)
        return try context.keyCondition(text)
    }

    private static let invalid = "Invalid KeyConditionExpression: "

    @Test(arguments: [
        Case("", invalid + "The expression can not be empty;"),
        Case("pk", invalid + "Syntax error; token: \"<EOF>\", near: \"pk\""),
        Case("pk = :p OR sk = :1", invalid + "Invalid operator used in KeyConditionExpression: OR"),
        Case("NOT pk = :p", invalid + "Invalid operator used in KeyConditionExpression: NOT"),
        Case("pk IN (:p)", invalid + "Invalid operator used in KeyConditionExpression: IN"),
        Case("pk <> :p", invalid + "Invalid operator used in KeyConditionExpression: <>"),
        Case(
            "pk = :p AND attribute_exists(sk)",
            invalid + "Invalid operator used in KeyConditionExpression: attribute_exists"),
        Case("pk = :p AND contains(sk, :1)", invalid + "Invalid operator used in KeyConditionExpression: contains"),
        Case("pk = :p AND size(sk) = :1", invalid + "KeyConditionExpressions cannot contain nested operations"),
        Case(
            "pk = sk",
            invalid + "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        Case(":p = :q", invalid + "Invalid condition in KeyConditionExpression: No key attribute specified"),
        Case("pk.a = :p", invalid + "KeyConditionExpressions cannot have conditions on nested attributes"),
        Case(
            "pk = :p AND sk > :1 AND sk < :2",
            invalid + "KeyConditionExpressions must only contain one condition per key"),
        Case(
            "pk = :p AND begins_with(:p, sk)",
            invalid
                + "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as "
                + "its first operand"
        ),
        Case(
            "pk = :p AND :1 BETWEEN sk AND :2",
            invalid
                + "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its "
                + "first operand"
        ),
        Case(
            "pk = :p AND begins_with(sk, :1)",
            invalid
                + "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"
        ),
        Case("((pk = :p))", invalid + "The expression has redundant parentheses;"),
    ])
    func `the language of key conditions is small`(_ example: Case<String, String>) {
        let text = refusal { () throws(ValidationFailure) in _ = try Self.compile(example.input) }
        #expect(text == example.output)
    }

    private static let type =
        "One or more parameter values were invalid: Condition parameter type does not match schema type"

    @Test(arguments: [
        Case("sk = :1", "Query condition missed key schema element: pk"),
        Case("another = :p", "Query condition missed key schema element: pk"),
        Case("pk = :p AND another = :1", "Query condition missed key schema element: sk"),
        Case("pk > :p", "Query key condition not supported"),
        Case("pk > :p AND sk = :1", "Query key condition not supported"),
        Case("pk = :p AND sk = :1 AND another = :1", "Query key condition not supported"),
        Case("pk = :1", type), Case("pk = :p AND sk = :q", type), Case("pk = :p AND sk BETWEEN :p AND :q", type),
        Case("pk = :p AND begins_with(sk, :p)", type),
        Case(
            "pk = :e",
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                + "empty string value. Key: pk"
        ),
        Case(
            "pk = :long",
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit "
                + "of2048 bytes"
        ),
    ])
    func `a condition must fit the key`(_ example: Case<String, String>) throws {
        let condition = try Self.compile(example.input)
        let text = refusal { () throws(ValidationFailure) in _ = try condition.resolved(Self.schema) }
        #expect(text == example.output)
    }

    @Test func `a key without a sort attribute takes one condition`() throws {
        let schema = KeySchema(partition: [KeyElement("pk", .s)])
        let condition = try Self.compile("pk = :p AND sk = :1")
        let text = refusal { () throws(ValidationFailure) in _ = try condition.resolved(schema) }
        #expect(text == "Query key condition not supported")
        #expect(try Self.compile("pk = :p").resolved(schema).lastSort == nil)
    }

    @Test func `keys of several attributes are given from the left`() throws {
        let schema = KeySchema(
            partition: [KeyElement("a", .s), KeyElement("b", .n)],
            sort: [KeyElement("c", .s), KeyElement("d", .n), KeyElement("e", .s)]
        )
        func refused(_ text: String) throws -> String? {
            let condition = try Self.compile(text)
            return refusal { () throws(ValidationFailure) in _ = try condition.resolved(schema) }
        }
        #expect(try refused("a = :p AND b = :1") == nil)
        #expect(try refused("b = :1 AND a = :p AND c = :q AND d > :2") == nil)
        #expect(try refused("a = :p AND c = :q") == "Query condition missed key schema element: b")
        #expect(try refused("a = :p AND b = :1 AND c > :q AND d = :1") == "Query key condition not supported")
        #expect(
            try refused("a = :p AND b = :1 AND d = :1")
                == "RANGE key attributes c must have equality conditions specified in the query because a condition is "
                + "present on key attribute d"
        )
        let resolved = try Self.compile("a = :p AND b = :1 AND c = :q AND d > :2").resolved(schema)
        #expect(resolved.partition.map(Array.init) == [[0x70], [0x31]])
        #expect(resolved.equalSort.map(Array.init) == [[0x71]])
    }

    private static let texts: [String] = ["", "a", "a\0", "a\0b", "ab", "b", "\u{7F}", "ä", "\u{10FFFF}"]

    /// The items of one partition, with the keys that the table or index has for them.
    private static func keys(_ values: [AttributeValue], _ schema: KeySchema, isIndex: Bool) -> [(
        AttributeValue, [UInt8]
    )] {
        values.enumerated().compactMap { position, value in
            let subject = item([("pk", .s("p")), ("sk", value)])
            guard isIndex else {
                return (value, KeyEncoder.tableKey(KeySpace(table: 7), schema, subject))
            }
            let base = Array("base\(position)".utf8)
            return KeyEncoder.indexKey(KeySpace(table: 7, index: 1), schema, subject, baseKey: base).map { (value, $0) }
        }
    }

    @Test(
        arguments: [
            "sk = :v", "sk < :v", "sk <= :v", "sk > :v", "sk >= :v", ":v < sk", ":v >= sk", "sk BETWEEN :v AND :w",
            "begins_with(sk, :v)",
        ], [false, true])
    func `the range holds exactly the keys for which the condition holds`(_ text: String, _ isIndex: Bool) throws {
        let numbers = ["-1E100", "-12", "-1.5", "-1", "0", "0.001", "1", "1.5", "2", "10", "12", "1E125"].map(number)
        let strings = Self.texts.dropFirst(isIndex ? 0 : 1).map { AttributeValue.s($0) }
        let binary: [AttributeValue] = [[0], [0, 0], [0, 255], [1], [254, 255], [255], [255, 255]].map { .b($0) }
        for (type, values) in [(AttributeType.n, numbers), (.s, Array(strings)), (.b, binary)] {
            if type == .n, text.hasPrefix("begins") { continue }
            let schema = KeySchema(partition: [KeyElement("pk", .s)], sort: [KeyElement("sk", type)])
            let keys = Self.keys(values, schema, isIndex: isIndex)
            for (low, value) in values.enumerated() {
                for other in text.contains(":w") ? values[low...] : values[low...low] {
                    if value == .s("") || other == .s("") { continue }
                    let used: [(String, AttributeValue)] =
                        text.contains(":w") ? [(":v", value), (":w", other)] : [(":v", value)]
                    var context = try ExpressionContext(names: nil, values: item(used + [(":p", .s("p"))]))
                    let condition = try context.condition("pk = :p AND " + text)
                    let range = try context.keyCondition("pk = :p AND " + text).resolved(schema)
                        .range(KeySpace(table: 7, index: isIndex ? 1 : 0), schema, isIndex: isIndex)
                    for (candidate, key) in keys {
                        let holds = condition.holds(for: item([("pk", .s("p")), ("sk", candidate)]))
                        #expect(range.contains(key) == holds, "\(candidate) \(text) \(value) \(other)")
                    }
                }
            }
        }
    }
}
