import DynamoDBValues
import Primitives
import TestSupport
import Testing

/// Items in their stored form.
struct StoredItemTests {
    @Test func `a small map takes little memory`() {
        let bytes = item([("pk", .s("k"))]).bytes
        #expect(bytes.capacity <= bytes.count + 64)
    }

    @Test func `an item that stands among others is as if it stood alone`() throws {
        var random = SeededGenerator(seed: 20_261_129)
        for _ in 0..<300 {
            let alone = AttributeMap(Self.tree(3, &random))
            let before = (0..<Int.random(in: 1...40, using: &random)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let page = before + alone.bytes + [1, 2, 3]
            let among = try #require(
                AttributeMap(stored: page, in: before.count..<(before.count + alone.byteCount)))
            #expect(among == alone && among.hashValue == alone.hashValue && among.bytes == alone.bytes)
            #expect(among.count == alone.count && among.itemBytes == alone.itemBytes && among.tree == alone.tree)
            let name = alone.attributes.first(where: { _ in true })?.nameText ?? "new"
            for value in [AttributeValue.s("other"), nil] {
                #expect(among.changing([(name, value)]) == alone.changing([(name, value)]))
            }
            let change = AttributeChange(Array(name.utf8)[...], item([("v", .n(DynamoDBNumber(1)))])["v"])
            #expect(among.replacing([change]) == alone.replacing([change]))
            #expect(among.filter { $0.count != name.utf8.count } == alone.filter { $0.count != name.utf8.count })
        }
        #expect(AttributeMap(stored: [9, 1, 0, 0, 0, 0, 9], in: 1..<6) == AttributeMap())
        #expect(AttributeMap(stored: [9, 1, 0, 0, 0, 0, 9], in: 0..<6) == nil)
        #expect(AttributeMap(stored: [9, 1, 0, 0, 0, 0, 9], in: 1..<5) == nil)
    }

    /// A random value of at most this depth.
    static func value(_ depth: Int, _ random: inout SeededGenerator) -> AttributeValue {
        func text() -> String {
            String(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in "ab\0é😀".randomElement(using: &random) ?? "a" })
        }
        func bytes() -> [UInt8] {
            (0..<Int.random(in: 0...5, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        func any() -> DynamoDBNumber { DynamoDBNumber(Int.random(in: -1_000_000...1_000_000, using: &random)) }
        func unique<Element: Hashable>(_ make: () -> Element) -> [Element] {
            var elements: [Element] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let element = make()
                if !elements.contains(element) { elements.append(element) }
            }
            return elements
        }
        switch Int.random(in: 0..<(depth > 0 ? 10 : 8), using: &random) {
        case 0: return .s(text())
        case 1: return .n(any())
        case 2: return .b(bytes())
        case 3: return .bool(Bool.random(using: &random))
        case 4: return .null
        case 5: return .ss(unique(text))
        case 6: return .ns(unique(any))
        case 7: return .bs(unique(bytes))
        case 8: return .l((0..<Int.random(in: 0...3, using: &random)).map { _ in self.value(depth - 1, &random) })
        default: return .m(self.tree(depth - 1, &random))
        }
    }

    static func tree(_ depth: Int, _ random: inout SeededGenerator) -> AttributeTree {
        var tree = AttributeTree()
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            tree["n\(Int.random(in: 0...9, using: &random))"] = self.value(depth, &random)
        }
        return tree
    }

    /// The size by the rule, from the tree.
    private static func size(_ value: AttributeValue) -> Int {
        switch value {
        case .s(let text): text.utf8.count
        case .n(let number): self.size(number)
        case .b(let bytes): bytes.count
        case .ss(let texts): texts.reduce(0) { $0 + $1.utf8.count }
        case .ns(let numbers): numbers.reduce(0) { $0 + self.size(.n($1)) }
        case .bs(let values): values.reduce(0) { $0 + $1.count }
        case .l(let elements): elements.reduce(3) { $0 + 1 + self.size($1) }
        case .m(let map): map.entries.reduce(3) { $0 + 1 + $1.name.utf8.count + self.size($1.value) }
        case .bool, .null: 1
        }
    }

    private static func size(_ number: DynamoDBNumber) -> Int {
        let whole = max(0, min(number.digitCount, number.magnitude + 1))
        return (whole + 1) / 2 + (number.digitCount - whole + 1) / 2 + 1 + (number.isNegative ? 1 : 0)
    }

    @Test func `an item comes back as it went in, with its size`() throws {
        let seed = SeededRandomSource.testSeed(0xDB2)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let tree = Self.tree(4, &random)
            let map = AttributeMap(tree)
            #expect(map.tree == tree, "seed \(seed)")
            #expect(map.count == tree.count && map.failure == nil, "seed \(seed)")
            #expect(AttributeMap(stored: map.bytes)?.tree == tree, "seed \(seed)")
            #expect(
                map.itemBytes == tree.entries.reduce(0) { $0 + $1.name.utf8.count + Self.size($1.value) },
                "seed \(seed)")
            for entry in tree.entries { #expect(map[entry.name]?.tree == entry.value, "seed \(seed)") }
            #expect(map["absent"] == nil)
            let measured = map.measured
            #expect(measured == map && measured.hashValue == map.hashValue && measured.tree == tree, "seed \(seed)")
            #expect(measured.itemBytes == map.itemBytes, "seed \(seed)")
            #expect(AttributeMap(stored: measured.bytes)?.itemBytes == map.itemBytes, "seed \(seed)")
        }
    }

    @Test func `a measured item stays measured when it changes`() throws {
        let seed = SeededRandomSource.testSeed(0xDB4)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let map = AttributeMap(Self.tree(3, &random))
            let other = AttributeMap(Self.tree(3, &random))
            var changes = other.attributes.map { AttributeChange($0.name, $0.value) }
            if let removed = map.attributes.first(where: { !changes.map(\.name).contains($0.name) }) {
                changes.append(AttributeChange(removed.name, nil))
            }
            let expected = map.replacing(changes)
            let changed = map.measured.replacing(changes)
            #expect(changed == expected && changed.itemBytes == expected.itemBytes, "seed \(seed)")
            #expect(changed.measured.bytes == changed.bytes, "seed \(seed)")
        }
    }

    @Test func `damaged bytes are read without harm`() throws {
        let seed = SeededRandomSource.testSeed(0xDB3)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let whole = AttributeMap(Self.tree(3, &random))
            var bytes = Bool.random(using: &random) ? whole.bytes : whole.measured.bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
                default: bytes.append(UInt8.random(in: 0...255, using: &random))
                }
            }
            guard let map = AttributeMap(stored: bytes) else { continue }
            // Whatever stands there, reading ends and stays inside.
            #expect(map.tree.count <= bytes.count, "seed \(seed)")
            #expect(map.itemBytes >= 0, "seed \(seed)")
            _ = map.isEqual(to: map)
        }
    }

    @Test func `equality does not regard the order of names and members`() {
        let left = item([("a", .ss(["x", "y"])), ("b", map([("p", .null), ("q", number("1.0"))]))])
        let right = item([("b", map([("q", number("1")), ("p", .null)])), ("a", .ss(["y", "x"]))])
        #expect(left.isEqual(to: right))
        #expect(!left.isEqual(to: item([("a", .ss(["x", "y"]))])))
        #expect(!item([("l", .l([.null, .bool(true)]))]).isEqual(to: item([("l", .l([.bool(true), .null]))])))
        #expect(!item([("n", number("1"))]).isEqual(to: item([("n", .s("1"))])))
    }

    @Test func `equality of stored values is equality of trees`() {
        let seed = SeededRandomSource.testSeed(0xDB4)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let (left, right) = (Self.value(2, &random), Self.value(1, &random))
            #expect(stored(left).isEqual(to: stored(right)) == left.isEqual(to: right), "seed \(seed)")
            #expect(stored(left).isEqual(to: stored(left)), "seed \(seed)")
        }
    }

    @Test func `attributes are replaced, removed and added without touching the others`() {
        let seed = SeededRandomSource.testSeed(0xDB5)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let tree = Self.tree(2, &random)
            var expected = tree
            var changes: [AttributeChange] = []
            for index in 0..<4 where Bool.random(using: &random) {
                let name = "n\(index)"
                let value: AttributeValue? = Bool.random(using: &random) ? Self.value(1, &random) : nil
                expected[name] = value
                changes.append(AttributeChange(Array(name.utf8)[...], value.map(stored)))
            }
            #expect(AttributeMap(tree).replacing(changes).tree == expected, "seed \(seed)")
        }
    }

    @Test func `a name has 65535 bytes at most, at whatever depth`() {
        func name(_ utf8Count: Int) -> String { String(repeating: "n", count: utf8Count) }
        let sentence = "Attribute name is too large, must be less than 65536 bytes"
        #expect(item([(name(65_535), .null), ("m", map([(name(65_535), .null)]))]).failure == nil)
        #expect(item([(name(65_536), .null)]).failure?.message == sentence)
        #expect(item([("m", .l([map([(name(65_536), .null)])]))]).failure?.message == sentence)
    }

    @Test func `a value nests 32 levels at most`() {
        func nested(_ levels: Int) -> AttributeValue {
            (1..<levels).reduce(AttributeValue.null) { value, level in
                level % 2 == 0 ? .l([value]) : map([("m", value)])
            }
        }
        let sentence =
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
            + "limit"
        #expect(refusal { () throws(ValidationFailure) in _ = try StoredValue(nested(32)) } == nil)
        #expect(refusal { () throws(ValidationFailure) in _ = try StoredValue(nested(33)) } == sentence)
        #expect(item([("a", nested(32))]).failure == nil)
        #expect(item([("a", nested(33))]).failure?.message == sentence)
    }

    @Test func `sets unite and subtract by member`() {
        let letters = stored(.ss(["a", "b"]))
        #expect(letters.union(stored(.ss(["b", "c"]))).tree == .ss(["a", "b", "c"]))
        #expect(letters.subtracting(stored(.ss(["a", "z"])))?.tree == .ss(["b"]))
        #expect(letters.subtracting(stored(.ss(["b", "a"]))) == nil)
        let lists = StoredValue.concatenating([stored(.l([.null])), stored(.l([.s("x")]))])
        #expect(lists.tree == .l([.null, .s("x")]))
    }

    @Test func `what AWS charges for an item is its names and values`() {
        // Developer Guide, "DynamoDB item sizes and formats".
        #expect(item([("id", .s("abc"))]).itemBytes == 5)
        #expect(item([("flag", .bool(true)), ("none", .null)]).itemBytes == 10)
        #expect(item([("l", .l([]))]).itemBytes == 4)
        #expect(item([("m", map([("k", .s("vv"))]))]).itemBytes == 1 + 3 + 1 + 1 + 2)
        #expect(item([("b", .b([1, 2, 3]))]).itemBytes == 4)
    }
}
