import DynamoDBService
import DynamoDBValues
import Primitives
import TestSupport
import Testing

/// The paths of a condition are searched for together in a large item, and one by one in a small one. Both must find
/// what a walk through the item's tree finds.
struct ItemSearchTests {
    private static let names = ["a", "b", "c"]

    private enum Step {
        case name(String)
        case index(Int)

        var text: String {
            switch self {
            case .name(let name): ".\(name)"
            case .index(let index): "[\(index)]"
            }
        }

        func value(in parent: AttributeValue) -> AttributeValue? {
            switch (self, parent) {
            case (.name(let name), .m(let tree)): tree[name]
            case (.index(let index), .l(let elements)): elements.indices.contains(index) ? elements[index] : nil
            default: nil
            }
        }
    }

    private static func value(_ depth: Int, _ random: inout SeededGenerator) -> AttributeValue {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 2), using: &random) {
        case 0: return .null
        case 1: return .s(String(UInt8.random(in: 0...9, using: &random)))
        case 2, 3:
            return .l((0..<Int.random(in: 0...3, using: &random)).map { _ in self.value(depth - 1, &random) })
        default: return .m(self.tree(depth - 1, &random))
        }
    }

    private static func tree(_ depth: Int, _ random: inout SeededGenerator) -> AttributeTree {
        let names = self.names.shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random))
        return AttributeTree(names.map { .init($0, self.value(depth, &random)) })
    }

    private static func path(_ random: inout SeededGenerator) -> [Step] {
        let first = Step.name(self.names[Int.random(in: 0..<3, using: &random)])
        return [first]
            + (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? .name(self.names[Int.random(in: 0..<3, using: &random)])
                    : .index(Int.random(in: 0...3, using: &random))
            }
    }

    /// A condition about a path that holds for the item, and one that does not.
    private static func terms(
        _ path: [Step], in tree: AttributeTree, _ key: String
    ) -> (right: String, wrong: String, value: AttributeValue?) {
        let text = String(path.map(\.text).joined().dropFirst())
        let value = path.reduce(AttributeValue?.some(.m(tree))) { parent, step in parent.flatMap(step.value) }
        return value == nil
            ? ("attribute_not_exists(\(text))", "attribute_exists(\(text))", nil)
            : ("\(text) = \(key)", "\(text) <> \(key)", value)
    }

    /// The item with an attribute before or behind the others that makes it large.
    private static func large(_ tree: AttributeTree, isFirst: Bool) -> AttributeMap {
        let filler = AttributeTree.Entry("filler", .s(String(repeating: "f", count: 20_000)))
        return AttributeMap(AttributeTree(isFirst ? [filler] + tree.entries : tree.entries + [filler]))
    }

    @Test func `all paths at once are found as each by itself`() throws {
        let seed = SeededRandomSource.testSeed(0x17E5)
        var random = SeededGenerator(seed: seed)
        for round in 0..<500 {
            let tree = Self.tree(3, &random)
            let subjects = [
                AttributeMap(tree), Self.large(tree, isFirst: true), Self.large(tree, isFirst: false),
            ]
            // From few paths, which are always searched for one by one, to many.
            let terms = (0..<Int.random(in: 1...24, using: &random)).map { index in
                Self.terms(Self.path(&random), in: tree, ":v\(index)")
            }
            let wrong = Int.random(in: 0..<terms.count, using: &random)
            let values = item(terms.enumerated().compactMap { index, term in term.value.map { (":v\(index)", $0) } })
            for (text, isRight) in [
                (terms.map(\.right).joined(separator: " AND "), true),
                (terms.map(\.wrong).joined(separator: " OR "), false),
                (terms.enumerated().map { $0 == wrong ? $1.wrong : $1.right }.joined(separator: " AND "), false),
            ] {
                var context = try ExpressionContext(names: nil, values: values.isEmpty ? nil : values)
                let condition = try context.condition(text)
                for subject in subjects {
                    #expect(
                        condition.holds(for: subject) == isRight,
                        "seed \(seed), round \(round), \(text), \(subject.byteCount) bytes")
                }
            }
        }
    }
}
