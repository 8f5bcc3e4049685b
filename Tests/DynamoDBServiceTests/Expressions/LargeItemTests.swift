import DynamoDBService
import DynamoDBValues
import Testing

/// Expressions over the largest items. With a search of the whole for each part, any of these takes many seconds.
@Suite(.timeLimit(.minutes(1))) struct LargeItemTests {
    private static let entries = (0..<50_000).map { (String($0, radix: 36), AttributeValue.null) }
    /// As expressions can name them: they begin with a letter, and none is reserved.
    private static let names = stride(from: 0, to: 50_000, by: 60).map { "x" + String($0, radix: 36) }
    private static let large = map(entries.map { ("x" + $0.0, $0.1) })

    private static func holds(_ text: String, _ subject: AttributeMap, _ values: AttributeMap) throws -> Bool {
        var context = try ExpressionContext(names: nil, values: values)
        return try context.condition(text).holds(for: subject)
    }

    @Test func `maps are equal without regard to order`() throws {
        let subject = item([("m", map(Self.entries)), ("l", .l([map(Self.entries)]))])
        let other = map(Self.entries.dropLast() + [("other", .null)])
        let values = item([
            (":same", map(Self.entries)), (":turned", map(Self.entries.reversed())), (":other", other),
            (":list", .l([map(Self.entries.reversed())])),
        ])
        #expect(try Self.holds("m = :same AND m = :turned AND NOT m = :other AND l = :list", subject, values))
        let turned = item([("l", .l([map(Self.entries)])), ("m", map(Self.entries.reversed()))])
        #expect(subject.isEqual(to: turned) && !subject.isEqual(to: item([("l", .null), ("m", .null)])))
    }

    @Test(arguments: [
        ("aabaabaaabaabaac", "aabaabaac", true), ("aabaabaaabaabaab", "aabaabaac", false), ("abab", "ababa", false),
        ("xaaaaaaaaaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaab", true),
        ("abcabcabcabcabcabcabd", "abcabcabcabcabcabd", true),
        ("abcabcabcabcabcabcabd", "abcabcabcabcabcabcd", false), ("aaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaa", true),
        ("xxxxa", "a", true), ("xxxx", "a", false), ("aab", "ab", true), ("abcabcabcabcabcabcabc", "", true),
        ("bcabcabcabcabcabcabcab", "abcabcabcabcabcabcab", true),
    ])
    func `a part of a text is found`(_ whole: String, _ part: String, _ isFound: Bool) {
        #expect(Array(whole.utf8)[...].contains(part: Array(part.utf8)[...]) == isFound)
        let inside = Array("__\(whole)__".utf8).dropFirst(2).dropLast(2)
        #expect(inside.contains(part: Array("_\(part)".utf8).dropFirst()) == isFound)
    }

    @Test func `a part that nearly stands everywhere is searched for in linear time`() throws {
        let subject = item([("t", .s(String(repeating: "a", count: 400_000)))])
        let part = String(repeating: "a", count: 200_000)
        let values = item([(":in", .s(part)), (":out", .s(part + "b"))])
        #expect(try Self.holds("contains(t, :in) AND NOT contains(t, :out)", subject, values))
    }

    @Test func `elements of long lists are found`() throws {
        func list(_ count: Int, _ last: AttributeValue) -> AttributeValue {
            .l(Array(repeating: .null, count: count) + [last])
        }
        let lists = Array(repeating: list(4000, .bool(true)), count: 45)
        let nested = AttributeValue.l(lists + [.s("a"), .ss(["a", "b"])])
        let subject = item([("flat", list(190_000, .n(DynamoDBNumber(7)))), ("nested", nested)])
        let values = item([
            (":no", .bool(true)), (":last", .n(DynamoDBNumber(7))), (":list", list(4000, .bool(false))),
            (":found", list(4000, .bool(true))), (":short", list(3999, .bool(true))), (":set", .ss(["b", "a"])),
            (":text", .s("b")), (":nested", nested),
        ])
        for part in ["flat, :no", "nested, :list", "nested, :short", "nested, :text"] {
            let searches = Array(repeating: "contains(\(part))", count: 10)
            #expect(try !Self.holds(searches.joined(separator: " OR "), subject, values), "\(part)")
        }
        #expect(try Self.holds("contains(flat, :last) AND contains(nested, :set)", subject, values))
        #expect(try Self.holds("contains(nested, :found) AND nested = :nested AND flat <> nested", subject, values))
    }

    @Test func `documents and sets are compared many times`() throws {
        func entries(_ last: String) -> [(String, AttributeValue)] {
            (0..<99).map { ("a\($0)", .n(DynamoDBNumber($0))) } + [("b", .ss(["x", last]))]
        }
        let maps = AttributeValue.l(Array(repeating: map(entries("y")), count: 200))
        let set = (0..<5000).map { "member \($0)" }
        let subject = item([("maps", maps), ("texts", .ss(set)), ("pair", .l([maps, .ss(set)]))])
        let turned = AttributeValue.l(Array(repeating: map(entries("y").reversed()), count: 200))
        let values = item([
            (":out", map(entries("z").reversed())), (":in", map(entries("y").reversed())), (":turned", turned),
            (":other", .l(Array(repeating: map(entries("z").reversed()), count: 200))), (":text", .s("member 5000")),
            (":set", .ss(set.reversed())), (":less", .ss(set.dropLast() + ["member 5000"])),
        ])
        for part in [
            "contains(maps, :out)", "maps = :other", "maps IN (:other, :set, pair)", "texts = :less",
            "contains(texts, :text)", "contains(pair, :less)", "contains(pair, :other)",
        ] {
            let compared = Array(repeating: part, count: 100).joined(separator: " OR ")
            #expect(try !Self.holds(compared, subject, values), "\(part)")
        }
        #expect(try Self.holds("contains(maps, :in) AND contains(pair, :turned)", subject, values))
        #expect(try Self.holds("maps = :turned AND texts = :set AND contains(pair, :set)", subject, values))
        #expect(try Self.holds("maps IN (:other, :turned) AND maps = pair[0] AND maps <> :other", subject, values))
    }

    @Test func `many parts of a document are shown`() throws {
        var context = try ExpressionContext(names: nil, values: nil)
        let names = Self.names.prefix(500)
        let subject = item([("m", Self.large)])
        let shown = try context.projection(names.map { "m." + $0 }.joined(separator: ",")).apply(to: subject)
        #expect(shown.tree == item([("m", map(names.map { ($0, .null) }))]).tree)
        let indices = (0..<400).map { $0 * 100 }
        let list = item([("l", .l(Self.entries.map(\.1)))])
        let elements = try context.projection(indices.map { "l[\($0)]" }.joined(separator: ",")).apply(to: list)
        #expect(elements["l"]?.elementCount == 400)
    }

    @Test func `many parts of a document are changed`() throws {
        var context = try ExpressionContext(names: nil, values: nil)
        let key = item([("pk", .s("k"))])
        let names = Self.names.prefix(500)
        let subject = item([("pk", .s("k")), ("m", Self.large)])
        let update = try context.update("REMOVE " + names.map { "m." + $0 }.joined(separator: ","))
        #expect(try update.apply(to: subject, key: key)["m"]?.elementCount == 50_000 - names.count)
        let flat = item([("pk", .s("k"))] + Self.entries.map { ("x" + $0.0, $0.1) })
        let plain = try context.update("REMOVE " + names.joined(separator: ","))
        let left = try plain.apply(to: flat, key: key)
        #expect(left.count == 50_001 - names.count && left["pk"] != nil && left[names[3]] == nil)
    }

    @Test func `many nested paths are read and written in one walk`() throws {
        var context = try ExpressionContext(names: nil, values: nil)
        let key = item([("pk", .s("k"))])
        let names = Self.names.prefix(220)
        let subject = item([("pk", .s("k")), ("m", Self.large), ("l", .l(Self.entries.map(\.1)))])
        let update = try context.update(
            "SET " + names.enumerated().map { "m.\($1)=l[\(49_000 + $0)]" }.joined(separator: ","))
        let updated = try update.apply(to: subject, key: key)
        #expect(updated.isEqual(to: subject))
        let missing = try context.update(
            "SET " + names.enumerated().map { "m.\($1)=l[\(49_900 + $0)]" }.joined(separator: ","))
        let failure = #expect(throws: ValidationFailure.self) { try missing.apply(to: subject, key: key) }
        #expect(
            failure?.message == "The provided expression refers to an attribute that does not exist in the item")
    }

    private static func appended(_ depth: Int, _ leaf: String) -> String {
        (0..<depth).reduce(leaf) { text, _ in "list_append(\(text),\(leaf))" }
    }

    @Test func `lists that are appended to one another are copied once`() throws {
        let key = item([("pk", .s("k"))])
        let subject = item([("pk", .s("k")), ("l", .l([.s("a")]))])
        var context = try ExpressionContext(names: nil, values: item([(":v", .l([.s("b"), .s("c")]))]))
        let update = try context.update("SET l=list_append(:v,\(Self.appended(200, "l")))")
        let list = try #require(try update.apply(to: subject, key: key)["l"])
        #expect(list.elements.prefix(3).map(\.tree) == [.s("b"), .s("c"), .s("a")])
        #expect(list.elementCount == 203)
    }

    @Test func `an update that is certain to be too large builds nothing larger`() throws {
        let key = item([("pk", .s("k"))])
        let subject = item([("pk", .s("k")), ("l", .l(Self.entries.map(\.1)))])
        var context = try ExpressionContext(names: nil, values: nil)
        func message(_ text: String) throws -> String? {
            let update = try context.update(text)
            return #expect(throws: ValidationFailure.self) { try update.apply(to: subject, key: key) }?.message
        }
        let tooLarge = "Item size to update has exceeded the maximum allowed size"
        #expect(try message("SET l=" + Self.appended(200, "l")) == tooLarge)
        #expect(try message("SET " + (0..<300).map { "a\($0)=l" }.joined(separator: ",")) == tooLarge)
        #expect(try message("SET " + (0..<50).map { "a\($0)=list_append(l,l)" }.joined(separator: ",")) == tooLarge)
        // Types are told before sizes.
        #expect(
            try message("SET b=list_append(\(Self.appended(100, "l")),pk)")
                == "An operand in the update expression has an incorrect data type")
    }

    @Test func `hundreds of long names in a condition cost no more than a few`() throws {
        let keys = (0..<8).map { "#\(UnicodeScalar(UInt8(97 + $0)))" }
        let long = String(repeating: "n", count: 65_000)
        let names = Dictionary(uniqueKeysWithValues: keys.map { ($0, long + $0) })
        var context = try ExpressionContext(names: names, values: nil)
        let text = (0..<145).map { "attribute_exists(\(keys[$0 % 8]))" }.joined(separator: " OR ")
        let condition = try context.condition(text)
        let subject = item([("t", .s(String(repeating: "t", count: 17_000)))])
        for _ in 0..<1500 { #expect(!condition.holds(for: subject)) }
        let named = item([("t", .s(String(repeating: "t", count: 300_000))), (long + "#h", .null)])
        #expect(condition.holds(for: named))
    }

    @Test func `long names are not searched for in small items`() throws {
        let keys = (10..<40).map { "#a\($0)" }
        let long = String(repeating: "n", count: 65_000)
        let names = Dictionary(uniqueKeysWithValues: keys.map { ($0, long + $0) } + [("#pk", "pk")])
        var context = try ExpressionContext(names: names, values: nil)
        let projection = try context.projection((keys + ["#pk"]).joined(separator: ","))
        let subject = item([("pk", .s("k")), ("other", .null)])
        for _ in 0..<20_000 { #expect(projection.apply(to: subject).count == 1) }
        let named = item([("pk", .s("k")), (long + "#a39", .null), (long + "#a9", .null)])
        #expect(projection.apply(to: named).attributes.map { $0.nameText.utf8.count } == [65_004, 2])
    }
}
