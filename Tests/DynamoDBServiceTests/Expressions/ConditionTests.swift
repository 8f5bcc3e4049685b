import DynamoDBService
import DynamoDBValues
import Testing

/// Conditions over an item that has every type.
struct ConditionTests {
    private static let subject = item([
        ("id", .s("book#1")), ("price", number("19.95")), ("stock", number("0")), ("bin", .b([1, 2, 3])),
        ("isNew", .bool(true)), ("nothing", .null), ("tags", .ss(["a", "b"])), ("sizes", .ns([.zero])),
        ("blobs", .bs([[9]])), ("blank", .s("")),
        ("lst", .l([.s("x"), number("2"), map([("k", .s("v"))])])),
        ("doc", map([("nested", map([("deep", number("7"))])), ("arr", .l([number("1")]))])),
        ("emoji", .s("a😀é")),
    ])

    private static let values: [(String, AttributeValue)] = [
        (":book", .s("book#1")), (":prefix", .s("book")), (":part", .s("ook#")), (":nope", .s("zzz")),
        (":20", number("20")), (":19", number("19.95")), (":0", number("0")), (":1", number("1")), (":2", number("2")),
        (":3", number("3")), (":4", number("4")), (":7", number("7.0")), (":-1", number("-1")), (":t", .bool(true)),
        (":f", .bool(false)), (":null", .null), (":tags", .ss(["b", "a"])), (":another", .ss(["a", "c"])),
        (":a", .s("a")), (":bytes", .b([1, 2])), (":mid", .b([2, 3])), (":nine", .b([9])), (":e", .s("")),
        (":N", .s("N")), (":S", .s("S")), (":SS", .s("SS")), (":M", .s("M")), (":x", .s("x")),
        (":kv", map([("k", .s("v"))])), (":nested", map([("deep", number("7"))])),
    ]

    private static func holds(_ text: String, _ subject: AttributeMap? = subject) throws -> Bool {
        // Placeholders may hold letters, digits and underscores only.
        let safe = text.replacing(":-1", with: ":minus")
        let values = self.values.map { ($0.0 == ":-1" ? ":minus" : $0.0, $0.1) }
        var context = try ExpressionContext(
            names: ["#s": "stock", "#m": "doc"], values: item(values)
        )
        return try context.condition(safe).holds(for: subject)
    }

    @Test(arguments: [
        Case("id = :book", true), Case("id = :nope", false), Case("id <> :nope", true), Case("absent <> :nope", true),
        Case("absent = absent2", false), Case("absent <> absent2", true), Case("id = :1", false),
        Case("id <> :1", true),
        Case("price < :20", true), Case("price >= :19", true), Case("price > :19", false), Case("price <= :2", false),
        Case("#s > :-1", true), Case("#s = :0", true), Case("price < :book", false), Case("absent < :20", false),
        Case("isNew = :t", true), Case("isNew = :f", false), Case("nothing = :null", true),
        Case("tags = :tags", true), Case("tags = :another", false), Case("#m.nested = :nested", true),
        Case("lst[2] = :kv", true), Case("bin > :bytes", true), Case("id > :prefix", true),
        Case("#m.nested.deep = :7", true), Case("#m.arr[0] = :1", true), Case("#m.arr[1] = :1", false),
        Case("#m.arr.x = :1", false), Case("lst.k = :1", false), Case("id.x = :1", false),
        Case("price = stock", false), Case("blank = :e", true),
    ])
    func `operators compare by type and value`(_ example: Case<String, Bool>) throws {
        #expect(try Self.holds(example.input) == example.output)
    }

    @Test(arguments: [
        Case("price BETWEEN :19 AND :20", true), Case("price BETWEEN :20 AND :20", false),
        Case("#s BETWEEN :-1 AND :0", true), Case("absent BETWEEN :0 AND :20", false),
        Case("id BETWEEN :0 AND :1", false),
        Case("id IN (:nope, :book)", true), Case("id IN (:nope, :1)", false), Case("absent IN (:nope)", false),
        Case("price IN (stock, :19)", true),
    ])
    func `BETWEEN and IN include their bounds and candidates`(_ example: Case<String, Bool>) throws {
        #expect(try Self.holds(example.input) == example.output)
    }

    @Test(arguments: [
        Case("attribute_exists(id)", true), Case("attribute_exists(#m.nested.deep)", true),
        Case("attribute_exists(#m.nested.nope)", false), Case("attribute_not_exists(nothing)", false),
        Case("attribute_not_exists(lst[3])", true), Case("attribute_type(price, :N)", true),
        Case("attribute_type(tags, :SS)", true), Case("attribute_type(#m, :S)", false),
        Case("attribute_type(absent, :S)", false), Case("attribute_type(lst[2], :M)", true),
        Case("begins_with(id, :prefix)", true), Case("begins_with(id, :part)", false),
        Case("begins_with(bin, :bytes)", true),
        Case("begins_with(price, :prefix)", false), Case("begins_with(bin, :prefix)", false),
        Case("begins_with(id, :e)", true),
        Case("contains(id, :part)", true), Case("contains(id, :nope)", false), Case("contains(id, :e)", true),
        Case("contains(bin, :mid)", true), Case("contains(tags, :a)", true), Case("contains(tags, :x)", false),
        Case("contains(sizes, :0)", true), Case("contains(blobs, :nine)", true), Case("contains(lst, :x)", true),
        Case("contains(lst, :2)", true), Case("contains(lst, :kv)", true), Case("contains(lst, :3)", false),
        Case("contains(price, :1)", false), Case("contains(#m, :x)", false), Case("contains(absent, :x)", false),
    ])
    func `functions look at what is there`(_ example: Case<String, Bool>) throws {
        #expect(try Self.holds(example.input) == example.output)
    }

    @Test(arguments: [
        Case("size(bin) = :3", true), Case("size(tags) = :2", true), Case("size(lst) = :3", true),
        Case("size(#m) = :2", true),
        Case("size(blank) = :0", true), Case("size(emoji) = :4", true), Case("size(price) > :0", false),
        Case("size(absent) >= :0", false), Case("size(absent) <> :0", true), Case("size(lst[2].k) = :1", true),
        Case("size(id) > size(bin)", true), Case("price > size(tags)", true),
    ])
    func `size counts units, bytes and elements`(_ example: Case<String, Bool>) throws {
        #expect(try Self.holds(example.input) == example.output)
    }

    @Test(arguments: [
        Case("id = :book AND price = :1", false), Case("id = :nope OR price = :19", true), Case("NOT id = :nope", true),
        Case("id = :nope AND id = :nope OR id = :book", true), Case("id = :book OR id = :nope AND id = :nope", true),
        Case("(id = :book OR id = :nope) AND id = :nope", false), Case("NOT id = :book OR id = :book", true),
        Case("NOT (id = :book OR id = :book)", false), Case("NOT NOT id = :book", true),
    ])
    func `AND binds before OR, and NOT before both`(_ example: Case<String, Bool>) throws {
        #expect(try Self.holds(example.input) == example.output)
    }

    @Test func `nothing is found in an item that is not there`() throws {
        #expect(try Self.holds("attribute_not_exists(id)", nil))
        #expect(try !Self.holds("attribute_exists(id)", nil))
        #expect(try !Self.holds("id = :book", nil))
    }

    @Test func `a query's filter may not name the key`() throws {
        var context = try ExpressionContext(names: ["#k": "pk"], values: item([(":v", .null)]))
        let filter = try context.condition("another = :v AND #k = :v", .filter)
        let schema = KeySchema(partition: [KeyElement("pk", .s)], sort: [KeyElement("sk", .s)])
        #expect(
            refusal { () throws(ValidationFailure) in try filter.checkQueryFilter(schema) }
                == "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"
        )
        #expect(filter.attributeNames == ["another", "pk"])
    }

    @Test func `a condition may not look into the key`() throws {
        var context = try ExpressionContext(names: nil, values: item([(":v", .null)]))
        let keys = KeyNames(KeySchema(partition: [KeyElement("pk", .s)]))
        let condition = try context.condition("pk.a = :v")
        #expect(
            refusal { () throws(ValidationFailure) in try condition.check(keys) }
                == "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"
        )
        let plain = try context.condition("pk = :v")
        #expect(refusal { () throws(ValidationFailure) in try plain.check(keys) } == nil)
    }
}
