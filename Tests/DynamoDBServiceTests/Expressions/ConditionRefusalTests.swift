import DynamoDBService
import DynamoDBValues
import Testing

/// What AWS refuses of a condition before it looks at the table, word for word.
struct ConditionRefusalTests {
    private static let names = ["#a": "a", "#deep": "deep"]
    private static let values: [(String, AttributeValue)] = [
        (":s", .s("text")), (":n", number("5")), (":b", .b([1, 2])), (":t", .bool(true)), (":null", .null),
        (":l", .l([])), (":m", map([])), (":ss", .ss(["x"])), (":small", number("1")), (":first", .s("a")),
        (":type", .s("SS")), (":wrong", .s("Q")),
    ]

    private static func answer(_ text: String, _ kind: ExpressionKind = .condition) -> String? {
        refusal { () throws(ValidationFailure) in
            var context = try ExpressionContext(names: self.names, values: item(self.values))
            _ = try context.condition(text, kind)
        }
    }

    @Test(arguments: [
        Case("", "The expression can not be empty;"),
        Case("a", "Syntax error; token: \"<EOF>\", near: \"a\""),
        Case("a =", "Syntax error; token: \"<EOF>\", near: \"=\""),
        Case("a = :n)", "Syntax error; token: \")\", near: \":n)\""),
        Case("(a = :n", "Syntax error; token: \"<EOF>\", near: \":n\""),
        Case("a = = :n", "Syntax error; token: \"=\", near: \"= = :n\""),
        Case("a b", "Syntax error; token: \"b\", near: \"a b\""),
        Case("a = :n AND", "Syntax error; token: \"<EOF>\", near: \"AND\""),
        Case("a AND b = :n", "Syntax error; token: \"AND\", near: \"a AND b\""),
        Case("(a) AND b = :n", "Syntax error; token: \"AND\", near: \") AND b\""),
        Case("(a = :n) = :n", "Syntax error; token: \"=\", near: \") = :n\""),
        Case("a = :n = :n", "Syntax error; token: \"=\", near: \":n = :n\""),
        Case("a != :n", "Syntax error; token: \"!\", near: \"a !=\""),
        Case("!!!", "Syntax error; token: \"!\", near: \"!!\""),
        Case("_a = :n", "Syntax error; token: \"_\", near: \"_a\""),
        Case("a.0 = :n", "Syntax error; token: \"0\", near: \".0 =\""),
        Case("a[x] = :n", "Syntax error; token: \"x\", near: \"[x]\""),
        Case("a[01] = :n", "Syntax error; token: \"1\", near: \"01]\""),
        Case("# = :n", "Syntax error; token: \"#\", near: \"# =\""),
        Case("a = ü", "Syntax error; token: \"ü\", near: \"= ü\""),
        Case("NOT a", "Syntax error; token: \"<EOF>\", near: \"a\""),
        Case("a BETWEEN :small OR :n", "Syntax error; token: \"OR\", near: \":small OR :n\""),
        Case("a IN ()", "Syntax error; token: \")\", near: \"()\""),
        Case("attribute_exists()", "Syntax error; token: \")\", near: \"()\""),
    ])
    func `syntax is refused with the token and its neighbours`(_ example: Case<String, String>) {
        #expect(Self.answer(example.input) == "Invalid ConditionExpression: " + example.output)
    }

    @Test(arguments: [
        Case("((a = :n))", "The expression has redundant parentheses;"),
        Case("((a)) = :n", "The expression has redundant parentheses;"),
        Case("a = :n AND ((b = :n)) AND", "The expression has redundant parentheses;"),
        Case("abort = :n", "Attribute name is a reserved keyword; reserved keyword: abort"),
        Case("a.Year = :n", "Attribute name is a reserved keyword; reserved keyword: Year"),
        Case("foo(a)", "Invalid function name; function: foo"),
        Case("Size(a) > :n", "Invalid function name; function: Size"),
        Case(
            "if_not_exists(a, :n) = :n",
            "The function is not allowed in a condition expression; function: if_not_exists"),
        Case("list_append(a, :l) = :l", "The function is not allowed in a condition expression; function: list_append"),
        Case(
            "size(a)", "The function is not allowed to be used this way in an expression; function: size"
        ),
        Case(
            "attribute_exists(a) = :t",
            "The function is not allowed to be used this way in an expression; function: attribute_exists"
        ),
        Case(
            "contains(attribute_exists(a), :n)",
            "The function is not allowed to be used this way in an expression; function: attribute_exists"
        ),
        Case(
            "attribute_exists(a, b)",
            "Incorrect number of operands for operator or function; operator or function: attribute_exists, "
                + "number of operands: 2"
        ),
        Case(
            "begins_with(a)",
            "Incorrect number of operands for operator or function; operator or function: begins_with, "
                + "number of operands: 1"
        ),
        Case(
            "#b = :n",
            "An expression attribute name used in the document path is not defined; attribute name: #b"
        ),
        Case("a.#b = :n", "An expression attribute name used in the document path is not defined; attribute name: #b"),
        Case("a = :x", "An expression attribute value used in expression is not defined; attribute value: :x"),
        Case(
            "a[4294967295] = :n",
            "List index is not within the allowable range; index: [4294967295]"
        ),
        Case(
            "a[99999999999] = :n",
            "List index is not within the allowable range; index: [99999999999]"
        ),
    ])
    func `names, functions and their places are checked`(_ example: Case<String, String>) {
        #expect(Self.answer(example.input) == "Invalid ConditionExpression: " + example.output)
    }

    private static func wrongType(_ name: String, _ type: String) -> String {
        "Incorrect operand type for operator or function; operator or function: \(name), operand type: \(type)"
    }

    private static func notDistinct(_ name: String, _ path: String) -> String {
        "The first operand must be distinct from the remaining operands for this operator or function; "
            + "operator: \(name), first operand: \(path)"
    }

    @Test(arguments: [
        Case("a < :t", wrongType("<", "BOOL")),
        Case(":l >= a", wrongType(">=", "L")),
        Case("a BETWEEN :null AND :n", wrongType("BETWEEN", "NULL")),
        Case("begins_with(a, :n)", wrongType("begins_with", "N")),
        Case("begins_with(size(a), :s)", wrongType("begins_with", "N")),
        Case("size(:n) > :n", wrongType("size", "N")),
        Case("size(size(a)) > :n", wrongType("size", "N")),
        Case("attribute_type(a, :n)", wrongType("attribute_type", "N")),
        Case("attribute_type(a, b)", wrongType("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")),
        Case(
            "attribute_type(a, :wrong)",
            "Invalid attribute type name found; type: Q, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
        ),
        Case(
            "attribute_exists(:n)",
            "Operator or function requires a document path; operator or function: attribute_exists"
        ),
        Case("a = a", notDistinct("=", "[a]")),
        Case("#a.b[3] <> a.b[3]", notDistinct("<>", "[a, b, [3]]")),
        Case("contains(#deep, deep)", notDistinct("contains", "[deep]")),
        Case("a IN (:n, a)", notDistinct("IN", "[a]")),
        Case(
            "a BETWEEN :n AND :s",
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
                + "AttributeValue: {N:5}, upper bound operand: AttributeValue: {S:text}"
        ),
        Case(
            "a BETWEEN :n AND :small",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
                + "operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"
        ),
        Case(
            "a BETWEEN :s AND :first",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
                + "operand: AttributeValue: {S:text}, upper bound operand: AttributeValue: {S:a}"
        ),
    ])
    func `operands and their types are checked`(_ example: Case<String, String>) {
        #expect(Self.answer(example.input) == "Invalid ConditionExpression: " + example.output)
    }

    @Test(arguments: [
        "a = :n", "(a = :n)", "NOT NOT a = :n", "NOT (a = :n OR b = :n) AND c <> :s", "(a) = (:n)", "(size(a)) > :n",
        "size(a.b[0].c) >= :n and a.#deep in (:n, :s, b)", "(attribute_exists(a)) or attribute_not_exists(#a[1])",
        "a between :small and :n", "contains(a, size(b))", "attribute_type(a, :type)", "begins_with(:s, a)",
        "((a = :n) AND (b = :n))", "a\n=\t:n\r", "a=:n", "size(:ss) = :n", "a = b", "((a = :n) OR b = :n)",
    ])
    func `what AWS accepts is accepted`(_ text: String) {
        #expect(Self.answer(text) == nil)
    }

    @Test func `a filter's failures name the filter`() {
        #expect(Self.answer("a", .filter) == "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"a\"")
    }

    @Test func `the first failure is told in AWS's order`() {
        #expect(
            Self.answer("((abort = :x))") == "Invalid ConditionExpression: The expression has redundant parentheses;")
        #expect(Self.answer("a = :x AND year = :n")?.hasSuffix("reserved keyword: year") == true)
        #expect(Self.answer("#x < :t AND foo(a)")?.hasSuffix("function: foo") == true)
        #expect(Self.answer("#x < :t")?.hasSuffix("attribute name: #x") == true)
    }
}

/// The limits of one expression: the last that is taken and the first that is not.
struct ExpressionLimitTests {
    private static func answer(_ text: String, names: [String: String]? = nil) -> String? {
        refusal { () throws(ValidationFailure) in
            var context = try ExpressionContext(names: names, values: item([(":v", number("1"))]))
            _ = try context.condition(text)
        }
    }

    @Test func `an expression has 4096 bytes at most`() {
        let fits = "a = :v" + String(repeating: " ", count: 4090)
        #expect(Self.answer(fits) == nil)
        #expect(
            Self.answer(fits + " ")
                == "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size;"
        )
        let update = refusalOfUpdate("SET a = :v" + String(repeating: " ", count: 4087))
        #expect(update == "Invalid UpdateExpression: Expression size has exceeded the maximum allowed size;")
    }

    private func refusalOfUpdate(_ text: String) -> String? {
        refusal { () throws(ValidationFailure) in
            var context = try ExpressionContext(names: nil, values: item([(":v", number("1"))]))
            _ = try context.update(text)
        }
    }

    @Test func `an expression has 300 operators at most`() {
        let pairs = Array(repeating: "a = :v", count: 150).joined(separator: " OR ")
        #expect(Self.answer("NOT " + pairs) == nil)
        #expect(
            Self.answer("NOT NOT " + pairs)
                == "Invalid ConditionExpression: The expression contains too many operators; operator count: 301"
        )
    }

    @Test func `IN has 100 candidates at most`() {
        func candidates(_ count: Int) -> String {
            "a IN (" + Array(repeating: ":v", count: count).joined(separator: ",") + ")"
        }
        #expect(Self.answer(candidates(100)) == nil)
        #expect(
            Self.answer(candidates(101))
                == "Invalid ConditionExpression: The IN operator is provided with too many operands; "
                + "number of operands: 101"
        )
    }

    @Test func `a path has 32 steps at most`() {
        func path(_ steps: Int) -> String { Array(repeating: "a", count: steps).joined(separator: ".") + " = :v" }
        #expect(Self.answer(path(32)) == nil)
        #expect(
            Self.answer(path(33))
                == "Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33"
        )
    }

    @Test(arguments: ["(", "NOT ", "size(", "NOT("])
    func `deep nesting is refused, not followed`(_ part: String) {
        let text = String(repeating: part, count: 4096 / part.utf8.count)
        #expect(Self.answer(text)?.hasPrefix("Invalid ConditionExpression: ") == true)
    }

    @Test func `all 573 reserved words are refused in any case`() throws {
        var context = try ExpressionContext(names: nil, values: nil)
        for word in ["ABORT", "zone", "Status", "name", "DATE", "authorization", "localtimestamp", "ttl", "_a"] {
            let text = refusal { () throws(ValidationFailure) in _ = try context.projection(word) }
            #expect(text?.hasPrefix("Invalid ProjectionExpression: ") == true, "\(word)")
        }
        for name in ["id", "pk", "abortx", "statuses", "payload"] {
            #expect(refusal { () throws(ValidationFailure) in _ = try context.projection(name) } == nil, "\(name)")
        }
    }
}
