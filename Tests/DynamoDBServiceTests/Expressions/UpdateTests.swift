import DynamoDBService
import DynamoDBValues
import Testing

/// What an update leaves of an item.
struct UpdateTests {
    private static let key = item([("pk", .s("k"))])
    private static let before = item([
        ("pk", .s("k")), ("n", number("5")), ("s", .s("text")), ("tags", .ss(["a", "b"])), ("nums", .ns([.zero])),
        ("lst", .l([.s("x"), .s("y"), .s("z")])), ("doc", map([("a", number("1")), ("b", map([("c", .s("deep"))]))])),
        ("rws", .l([map([("q", number("1"))]), map([("q", number("2"))])])),
    ])
    private static let values = item([
        (":1", number("1")), (":2", number("2.5")), (":s", .s("new")), (":l", .l([.s("w")])), (":e", .l([])),
        (":ss", .ss(["b", "c"])), (":all", .ss(["b", "a"])), (":ns", .ns([.zero])), (":m", map([("z", .null)])),
        (":t", .bool(true)), (":max", number("99999999999999999999999999999999999999")),
        (":tiny", number("0.00000000000000000000000000000000000001")), (":top", number("9.9E125")),
    ])

    private static func plan(_ text: String) throws -> UpdatePlan {
        var context = try ExpressionContext(names: ["#n": "n"], values: self.values)
        return try context.update(text)
    }

    private static func apply(_ text: String, _ item: AttributeMap? = before) throws -> AttributeTree {
        try self.plan(text).apply(to: item, key: self.key).tree
    }

    @Test(
        arguments: [
            Case("SET n = n + :1", ("n", number("6"))),
            Case("SET n = :1 - n", ("n", number("-4"))),
            Case("SET n = n - :2", ("n", number("2.5"))),
            Case("SET #n = :s", ("n", .s("new"))),
            Case("SET fresh = n", ("fresh", number("5"))),
            Case("SET n = if_not_exists(n, :1)", ("n", number("5"))),
            Case("SET c = if_not_exists(c, :1) + :1", ("c", number("2"))),
            Case("SET c = if_not_exists(c, if_not_exists(d, :s))", ("c", .s("new"))),
            Case("SET lst = list_append(lst, :l)", ("lst", .l([.s("x"), .s("y"), .s("z"), .s("w")]))),
            Case("SET lst = list_append(:l, :e)", ("lst", .l([.s("w")]))),
            Case("SET n = n + (n - :1)", ("n", number("9"))),
            Case("ADD n :2", ("n", number("7.5"))),
            Case("ADD c :2", ("c", number("2.5"))),
            Case("ADD tags :ss", ("tags", .ss(["a", "b", "c"]))),
            Case("ADD more :ss", ("more", .ss(["b", "c"]))),
            Case("DELETE tags :ss", ("tags", .ss(["a"]))),
            Case("SET s = :m", ("s", map([("z", .null)]))),
            Case("SET s = doc.b.c", ("s", .s("deep"))),
            Case("SET doc.a = :s", ("doc", map([("a", .s("new")), ("b", map([("c", .s("deep"))]))]))),
            Case(
                "SET doc.b.d = :1",
                ("doc", map([("a", number("1")), ("b", map([("c", .s("deep")), ("d", number("1"))]))]))),
            Case("ADD doc.a :1", ("doc", map([("a", number("2")), ("b", map([("c", .s("deep"))]))]))),
            Case("REMOVE doc.b", ("doc", map([("a", number("1"))]))),
            Case("REMOVE doc.b.c SET doc.a = doc.b", ("doc", map([("a", map([("c", .s("deep"))])), ("b", map([]))]))),
            Case("SET lst[1] = :s", ("lst", .l([.s("x"), .s("new"), .s("z")]))),
            Case("SET lst[9] = :s, lst[5] = :1", ("lst", .l([.s("x"), .s("y"), .s("z"), number("1"), .s("new")]))),
            Case("REMOVE lst[0], lst[2]", ("lst", .l([.s("y")]))),
            Case("REMOVE lst[0] SET lst[2] = :s", ("lst", .l([.s("y"), .s("new")]))),
            Case("REMOVE lst[7]", ("lst", .l([.s("x"), .s("y"), .s("z")]))),
            Case("SET rws[1].q = :s REMOVE rws[0]", ("rws", .l([map([("q", .s("new"))])]))),
        ] as [Case<String, (String, AttributeValue)>])
    func `each action does what the language says`(_ example: Case<String, (String, AttributeValue)>) throws {
        let after = try Self.apply(example.input)
        #expect(
            after[example.output.0]?.isEqual(to: example.output.1) == true,
            "\(String(describing: after[example.output.0]))")
        #expect(after["pk"] == .s("k"))
    }

    @Test func `what is removed is gone, and a set without members too`() throws {
        #expect(try Self.apply("REMOVE n, s")["n"] == nil)
        #expect(try Self.apply("DELETE tags :all")["tags"] == nil)
        #expect(try Self.apply("REMOVE absent").count == Self.before.count)
        #expect(try Self.apply("DELETE absent :ss").count == Self.before.count)
    }

    @Test func `every value is computed from the item as it was`() throws {
        let after = try Self.apply("SET n = :s, s = n REMOVE lst ADD tags :ss")
        #expect(after["n"] == .s("new"))
        #expect(after["s"] == number("5"))
        #expect(after["lst"] == nil)
        #expect(after["tags"] == .ss(["a", "b", "c"]))
    }

    @Test func `an item that is not there begins with its key`() throws {
        #expect(try Self.apply("SET a = :s", nil) == AttributeTree([.init("pk", .s("k")), .init("a", .s("new"))]))
        #expect(try Self.apply("REMOVE a", nil) == AttributeTree([.init("pk", .s("k"))]))
    }

    @Test func `untouched attributes keep their order and bytes`() throws {
        let after = try Self.plan("SET n = :1, z = :s REMOVE tags").apply(to: Self.before, key: Self.key)
        #expect(after.tree.entries.map(\.name) == ["pk", "n", "s", "nums", "lst", "doc", "rws", "z"])
    }

    private static let type = "An operand in the update expression has an incorrect data type"
    private static let absent = "The provided expression refers to an attribute that does not exist in the item"
    private static let path = "The document path provided in the update expression is invalid for update"

    @Test(arguments: [
        Case("SET n = s + :1", type), Case("SET n = n + lst", type), Case("SET lst = list_append(s, :l)", type),
        Case("ADD s :1", type), Case("ADD n :ss", type), Case("ADD tags :ns", type), Case("DELETE nums :ss", type),
        Case("SET a = absent", absent), Case("SET a = absent + :1", absent),
        Case("SET a = list_append(absent, :l)", absent),
        Case("SET a = lst[3]", absent), Case("SET a = if_not_exists(b, c)", absent), Case("SET a = doc.b.nope", absent),
        Case("SET absent.a = :1", path), Case("SET n.a = :1", path), Case("SET lst.a = :1", path),
        Case("SET doc[0] = :1", path),
        Case("SET lst[3].a = :1", path), Case("REMOVE absent.a", path), Case("ADD absent.a :1", path),
        Case("DELETE nope.a :ss", path),
        Case("SET a = absent, n = s + :1", type), Case("SET n.a = absent", path),
        Case("SET a = absent REMOVE nope.x", path),
        Case(
            "SET n = :max + :tiny", "Attempting to store more than 38 significant digits in a Number"
        ),
        Case(
            "SET n = :top + :top",
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        ),
    ])
    func `what the item does not allow is refused in AWS's order`(_ example: Case<String, String>) throws {
        let plan = try Self.plan(example.input)
        let text = refusal { () throws(ValidationFailure) in _ = try plan.apply(to: Self.before, key: Self.key) }
        #expect(text == example.output)
    }

    @Test func `an item has 400 KB at most`() throws {
        func grow(_ bytes: Int) throws -> String? {
            var context = try ExpressionContext(
                names: nil, values: item([(":v", .s(String(repeating: "x", count: bytes)))])
            )
            let plan = try context.update("SET v = :v")
            return refusal { () throws(ValidationFailure) in _ = try plan.apply(to: nil, key: Self.key) }
        }
        // pk + k + v
        #expect(try grow(409_600 - 4) == nil)
        #expect(try grow(409_600 - 3) == "Item size to update has exceeded the maximum allowed size")
    }

    @Test(
        arguments: [
            Case("SET n = n + :1", [("n", number("5"))]),
            Case("SET doc.a = :s", [("doc", map([("a", number("1"))]))]),
            Case("SET lst[1] = :s", [("lst", .l([.s("y")]))]),
            Case("REMOVE s", [("s", .s("text"))]),
            Case("SET fresh = :1", []),
            Case("SET n = :1 DELETE tags :ss", [("n", number("5")), ("tags", .ss(["a", "b"]))]),
        ] as [Case<String, [(String, AttributeValue)]>])
    func `UPDATED_OLD shows the named parts as they were`(_ example: Case<String, [(String, AttributeValue)]>) throws {
        let shown = try Self.plan(example.input).updatedAttributes(of: Self.before)
        #expect(shown?.tree == (example.output.isEmpty ? nil : item(example.output).tree))
    }

    @Test func `UPDATED_NEW shows the named parts as they are`() throws {
        func shown(_ text: String) throws -> AttributeTree? {
            let plan = try Self.plan(text)
            return plan.updatedAttributes(of: try plan.apply(to: Self.before, key: Self.key))?.tree
        }
        #expect(try shown("SET n = n + :1") == item([("n", number("6"))]).tree)
        #expect(
            try shown("SET doc.b.c = :1, doc.a = :s")
                == item([
                    ("doc", map([("b", map([("c", number("1"))])), ("a", .s("new"))]))
                ]).tree)
        #expect(try shown("SET n = :1 REMOVE s") == item([("n", number("1"))]).tree)
        #expect(try shown("REMOVE s") == nil)
        #expect(try Self.plan("SET a = :1").updatedAttributes(of: nil) == nil)
    }
}
