import DynamoDBService
import DynamoDBValues
import Testing

/// What AWS refuses of an update before it looks at the item, word for word.
struct UpdateRefusalTests {
    private static func answer(_ text: String) -> String? {
        refusal { () throws(ValidationFailure) in
            var context = try ExpressionContext(
                names: ["#a": "a", "#s": "status"],
                values: item([
                    (":n", number("1")), (":s", .s("x")), (":l", .l([])), (":ss", .ss(["x"])), (":m", map([])),
                    (":b", .b([0])), (":t", .bool(false)), (":null", .null),
                ])
            )
            _ = try context.update(text)
        }
    }

    @Test(arguments: [
        Case("", "The expression can not be empty;"),
        Case("a = :n", "Syntax error; token: \"a\", near: \"a =\""),
        Case("SET", "Syntax error; token: \"<EOF>\", near: \"SET\""),
        Case("SET a", "Syntax error; token: \"<EOF>\", near: \"a\""),
        Case("SET a = :n,", "Syntax error; token: \"<EOF>\", near: \",\""),
        Case("SET a = :n b = :n", "Syntax error; token: \"b\", near: \":n b =\""),
        Case("SET a = :n + :n + :n", "Syntax error; token: \"+\", near: \":n + :n\""),
        Case("SET a = :n * :n", "Syntax error; token: \"*\", near: \":n * :n\""),
        Case("ADD str_set bad_value", "Syntax error; token: \"bad_value\", near: \"str_set bad_value\""),
        Case("REMOVE a :n", "Syntax error; token: \":n\", near: \"a :n\""),
        Case("DELETE a = :ss", "Syntax error; token: \"=\", near: \"a = :ss\""),
        Case("SET a = ((:n))", "The expression has redundant parentheses;"),
        Case("SET abort = :n", "Attribute name is a reserved keyword; reserved keyword: abort"),
        Case("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        Case(
            "SET a = attribute_exists(b)",
            "The function is not allowed in an update expression; function: attribute_exists"
        ),
        Case("SET a = foo(b)", "Invalid function name; function: foo"),
        Case("SET a = :n SET b = :n", "The \"SET\" section can only be used once in an update expression;"),
        Case("REMOVE a REMOVE b", "The \"REMOVE\" section can only be used once in an update expression;"),
        Case("ADD a :n SET b = :n ADD c :n", "The \"ADD\" section can only be used once in an update expression;"),
        Case("SET a = :x", "An expression attribute value used in expression is not defined; attribute value: :x"),
        Case(
            "SET #x = :n", "An expression attribute name used in the document path is not defined; attribute name: #x"
        ),
        Case(
            "SET a = if_not_exists(b)",
            "Incorrect number of operands for operator or function; operator or function: if_not_exists, "
                + "number of operands: 1"
        ),
        Case(
            "SET a = if_not_exists(:n, :n)",
            "Operator or function requires a document path; operator or function: if_not_exists"
        ),
        Case(
            "SET a = list_append(:s, b)",
            "Incorrect operand type for operator or function; operator or function: list_append, operand type: S"
        ),
        Case(
            "SET a = b + :s",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S"
        ),
        Case(
            "SET a = :ss - :n",
            "Incorrect operand type for operator or function; operator or function: -, operand type: SS"
        ),
    ])
    func `text, functions and operands are checked`(_ example: Case<String, String>) {
        #expect(Self.answer(example.input) == "Invalid UpdateExpression: " + example.output)
    }

    @Test(arguments: [
        Case("ADD a :s", "operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Case("ADD a :b", "operator: ADD, operand type: BINARY, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Case("ADD a :l", "operator: ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Case("ADD a :m", "operator: ADD, operand type: MAP, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Case("ADD a :t", "operator: ADD, operand type: BOOLEAN, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Case("ADD a :null", "operator: ADD, operand type: NULL, typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Case("DELETE a :n", "operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
        Case("DELETE a :s", "operator: DELETE, operand type: STRING, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
    ])
    func `ADD and DELETE take numbers and sets`(_ example: Case<String, String>) {
        #expect(
            Self.answer(example.input)
                == "Invalid UpdateExpression: Incorrect operand type for operator or function; " + example.output
        )
    }

    private static func clash(_ what: String, _ one: String, _ two: String) -> String {
        "Invalid UpdateExpression: Two document paths \(what) with each other; must remove or rewrite one of these "
            + "paths; path one: \(one), path two: \(two)"
    }

    @Test(arguments: [
        Case("SET a = :n, a = :n", clash("overlap", "[a]", "[a]")),
        Case("SET a = :n REMOVE #a", clash("overlap", "[a]", "[a]")),
        Case("SET a.b = :n, a = :n", clash("overlap", "[a, b]", "[a]")),
        Case("SET a = :n, a.b[1] = :n", clash("overlap", "[a]", "[a, b, [1]]")),
        Case("SET a.b = :n REMOVE a[0]", clash("conflict", "[a, b]", "[a, [0]]")),
        Case("SET l[0] = :n ADD l[0].c :n", clash("overlap", "[l, [0]]", "[l, [0], c]")),
    ])
    func `targets must not touch each other`(_ example: Case<String, String>) {
        #expect(Self.answer(example.input) == example.output)
    }

    @Test(arguments: [
        "SET a = :n", "set a = :n remove b add c :n delete d :ss", "SET a.b = :n, a.c = :n", "SET a[0] = :n, a[1] = :n",
        "SET a = if_not_exists(a, :n) + :n", "SET a = list_append(if_not_exists(a, :l), :l)", "SET a = (b - :n)",
        "SET a = b + (c - :n)", "REMOVE a[3], b.c", "ADD a.b :n", "SET #s = :s",
    ])
    func `what AWS accepts is accepted`(_ text: String) {
        #expect(Self.answer(text) == nil)
    }

    @Test func `the key may not be updated nor looked into`() throws {
        let keys = KeyNames(
            KeySchema(partition: [KeyElement("pk", .s)], sort: [KeyElement("sk", .n)]),
            indexes: [KeySchema(partition: [KeyElement("gsi", .s)])]
        )
        func check(_ text: String) throws -> String? {
            var context = try ExpressionContext(names: nil, values: item([(":n", number("1"))]))
            let plan = try context.update(text)
            return refusal { () throws(ValidationFailure) in try plan.check(keys) }
        }
        let part = "One or more parameter values were invalid: Cannot update attribute "
        #expect(try check("SET sk = :n") == part + "sk. This attribute is part of the key")
        #expect(try check("REMOVE pk.x") == part + "pk. This attribute is part of the key")
        let scalar =
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
        #expect(try check("SET a = pk.x") == scalar + "Key: pk")
        #expect(try check("SET a = :n REMOVE gsi.x") == scalar + "IndexKey: gsi")
        #expect(try check("SET gsi = :n, a = pk") == nil)
    }
}

/// Names and values of a request that its expressions do not fit.
struct PlaceholderTests {
    @Test(arguments: [
        Case([String: String](), "ExpressionAttributeNames must not be empty"),
        Case(["a": "x"], "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""),
        Case(["#": "x"], "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\""),
        Case(["#a-b": "x"], "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\""),
        Case(["#a": ""], "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"),
        Case(
            ["#" + String(repeating: "a", count: 255): "x"],
            "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too "
                + "long; size of key: 256"
        ),
    ])
    func `names are checked before any expression`(_ example: Case<[String: String], String>) {
        let text = refusal { () throws(ValidationFailure) in
            _ = try ExpressionContext(names: example.input, values: nil)
        }
        #expect(text == example.output)
    }

    @Test func `values are checked before any expression`() {
        func check(_ values: AttributeMap) -> String? {
            refusal { () throws(ValidationFailure) in _ = try ExpressionContext(names: nil, values: values) }
        }
        #expect(check(AttributeMap()) == "ExpressionAttributeValues must not be empty")
        #expect(
            check(item([("v", .null)]))
                == "ExpressionAttributeValues contains invalid key: Syntax error; key: \"v\""
        )
        let name = String(repeating: "n", count: 65_536)
        #expect(
            check(item([(":v", map([(name, .null)]))]))
                == "Attribute name is too large, must be less than 65536 bytes"
        )
    }

    @Test func `what no expression uses is refused, names first`() throws {
        var context = try ExpressionContext(
            names: ["#a": "a", "#b": "b", "#c": "c"], values: item([(":a", .null), (":b", .null)])
        )
        _ = try context.condition("#b = :a")
        #expect(
            refusal { () throws(ValidationFailure) in try context.finish() }
                == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#c, #a}"
        )
        _ = try context.projection("#a, #c")
        #expect(
            refusal { () throws(ValidationFailure) in try context.finish() }
                == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"
        )
        _ = try context.update("SET x = :b")
        #expect(refusal { () throws(ValidationFailure) in try context.finish() } == nil)
    }

    @Test func `hundreds of placeholders are found as few are`() throws {
        var names: [String: String] = [:]
        for index in 0..<300 { names["#n\(index)"] = "attribute\(index)" }
        var context = try ExpressionContext(names: names, values: nil)
        let projection = try context.projection((0..<300).map { "#n\($0)" }.joined(separator: ","))
        #expect(projection.attributeNames.count == 300)
        #expect(projection.attributeNames[299] == "attribute299")
        #expect(refusal { () throws(ValidationFailure) in try context.finish() } == nil)
    }

    @Test func `PutItem and UpdateItem put an envelope around what they refuse`() {
        #expect(ValidationFailure("x").enveloped.message == "1 validation error detected: x")
    }
}

/// What AWS refuses of a projection.
struct ProjectionRefusalTests {
    @Test(arguments: [
        Case("", "The expression can not be empty;"),
        Case("a b", "Syntax error; token: \"b\", near: \"a b\""),
        Case("a,", "Syntax error; token: \"<EOF>\", near: \",\""),
        Case("my-attr", "Syntax error; token: \"-\", near: \"my-attr\""),
        Case("size(a)", "Syntax error; token: \"(\", near: \"size(a\""),
        Case(":v", "Syntax error; token: \":v\", near: \":v\""),
        Case("a, name", "Attribute name is a reserved keyword; reserved keyword: name"),
        Case("#x", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        Case(
            "a, b.c, a",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], "
                + "path two: [a]"
        ),
        Case(
            "a.b.c, a.b",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                + "path one: [a, b, c], path two: [a, b]"
        ),
        Case(
            "a.b, a[0]",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], "
                + "path two: [a, [0]]"
        ),
    ])
    func `paths are checked`(_ example: Case<String, String>) {
        let text = refusal { () throws(ValidationFailure) in
            var context = try ExpressionContext(names: nil, values: nil)
            _ = try context.projection(example.input)
        }
        #expect(text == "Invalid ProjectionExpression: " + example.output)
    }
}
