import DynamoDBService
import DynamoDBValues
import Testing

/// Expressions whose text was read before, in another request.
struct RepeatedExpressionTests {
    private static func holds(
        _ text: String, _ names: [String: String]? = nil, _ values: [(String, AttributeValue)]? = nil,
        _ subject: [(String, AttributeValue)]
    ) throws -> Bool {
        var context = try ExpressionContext(names: names, values: values.map(item))
        let condition = try context.condition(text)
        try context.finish()
        return condition.holds(for: item(subject))
    }

    @Test func `the same text has the names and values of each request`() throws {
        let subject: [(String, AttributeValue)] = [("a", number("1")), ("b", number("2"))]
        for _ in 0..<3 {
            #expect(try Self.holds("#n = :v", ["#n": "a"], [(":v", number("1"))], subject))
            #expect(try !Self.holds("#n = :v", ["#n": "b"], [(":v", number("1"))], subject))
            #expect(try Self.holds("#n = :v", ["#n": "b"], [(":v", number("2"))], subject))
        }
    }

    @Test func `what is wrong with names and values is told each time`() throws {
        for _ in 0..<2 {
            #expect(try Self.holds("a = :v", nil, [(":v", .s("x"))], [("a", .s("x"))]))
            #expect(throws: ValidationFailure.self) { try Self.holds("a = :v", nil, nil, []) }
            #expect(throws: ValidationFailure.self) {
                try Self.holds("a = :v", nil, [(":v", .s("x")), (":unused", .s("x"))], [])
            }
            #expect(throws: ValidationFailure.self) { try Self.holds("a = ", nil, nil, []) }
        }
    }

    @Test func `one text is read for each kind of expression`() throws {
        var context = try ExpressionContext(names: nil, values: nil)
        let projection = try context.projection("a")
        #expect(projection.apply(to: item([("a", .null), ("b", .null)])) == item([("a", .null)]))
        #expect(throws: ValidationFailure.self) { try context.condition("a") }
        #expect(throws: ValidationFailure.self) { try context.update("a") }
    }

    @Test func `an update of the same text takes the values of each request`() throws {
        for value in ["1", "2", "3"] {
            var context = try ExpressionContext(names: nil, values: item([(":v", number(value))]))
            let plan = try context.update("SET a = :v ADD n :v")
            let after = try plan.apply(to: item([("n", number("10"))]), key: item([]))
            #expect(after["a"]?.tree == number(value))
            #expect(after["n"]?.tree == number("1\(value)"))
        }
    }
}
