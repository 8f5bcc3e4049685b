import DynamoDBModel
import DynamoDBService
import DynamoDBValues
import Primitives
import ServiceModel
import Testing

/// Filters without an expression choose what the same filters in an expression choose.
struct LegacyRandomTests {
    private static let comparisons: [(ComparisonOperator, String, valueCount: Int)] = [
        (.eq, "#a = :0", 1), (.ne, "#a <> :0", 1), (.le, "#a <= :0", 1), (.lt, "#a < :0", 1), (.ge, "#a >= :0", 1),
        (.gt, "#a > :0", 1), (.notNull, "attribute_exists(#a)", 0), (.null, "attribute_not_exists(#a)", 0),
        (.contains, "contains(#a, :0)", 1),
        (.notContains, "(attribute_exists(#a) AND NOT contains(#a, :0))", 1),
        (.beginsWith, "begins_with(#a, :0)", 1), (.in, "#a IN (:0, :1, :2)", 3),
        (.between, "#a BETWEEN :0 AND :1", 2),
    ]

    /// One comparison as a parameter, and as a part of an expression with names and values of its own.
    private struct Sample {
        let name: String
        let condition: DynamoDBModel.Condition
        let text: String
        let values: [(String, AttributeValue)]
    }

    private static func value(_ random: inout SeededGenerator, _ type: Int) -> AttributeValue {
        let number = Int.random(in: 0...4, using: &random)
        switch type {
        case 0: return .s(String("abcab".prefix(number)))
        case 1: return int(number)
        case 2: return .b(Array([1, 2, 1, 2].prefix(number)))
        case 3: return .ss(Array(["a", "ab", "b"].prefix(max(1, number))))
        case 4: return .l([.s("ab"), int(number)])
        default: return .bool(number > 2)
        }
    }

    private static func sample(_ random: inout SeededGenerator, _ index: Int) -> Sample {
        let (comparison, text, count) = Self.comparisons[
            Int.random(in: 0..<Self.comparisons.count, using: &random)
        ]
        let types =
            switch comparison {
            case .eq, .ne: 5
            case .beginsWith: 0
            default: 2
            }
        let type = Int.random(in: 0...types, using: &random)
        var values = (0..<count).map { _ in Self.value(&random, type) }
        if comparison == .between, let low = values.first, let high = values.last,
            let order = stored(low).order(against: stored(high)), order > 0
        {
            values = [high, low]
        }
        var own = text.replacing("#a", with: "#a\(index)")
        for position in values.indices { own = own.replacing(":\(position)", with: ":v\(index)x\(position)") }
        return Sample(
            name: "attribute\(index)",
            condition: DynamoDBModel.Condition(
                attributeValueList: values.map { BoundAttributeValue($0) }, comparisonOperator: comparison
            ),
            text: own,
            values: values.enumerated().map { (":v\(index)x\($0.offset)", $0.element) }
        )
    }

    @Test func `a filter chooses the same with and without an expression`() async throws {
        let seed: UInt64 = 20_141_008
        var random = SeededGenerator(seed: seed)
        let fixture = try await ItemFixture()
        for number in 0..<60 {
            var attributes = key("p", number)
            for index in 0..<3 where Int.random(in: 0...4, using: &random) > 0 {
                attributes.append(("attribute\(index)", Self.value(&random, Int.random(in: 0...5, using: &random))))
            }
            try await fixture.put(attributes)
        }
        for round in 0..<300 {
            let samples = (0..<Int.random(in: 1...3, using: &random)).map { Self.sample(&random, $0) }
            let isAny = Bool.random(using: &random)
            let legacy = try await fixture.scan {
                $0.scanFilter = Dictionary(uniqueKeysWithValues: samples.map { (ExactName($0.name), $0.condition) })
                if samples.count > 1 { $0.conditionalOperator = isAny ? .or : .and }
            }
            let values = samples.flatMap(\.values)
            let modern = try await fixture.scan {
                $0.filterExpression = samples.map(\.text).joined(separator: isAny ? " OR " : " AND ")
                $0.expressionAttributeNames = Dictionary(
                    uniqueKeysWithValues: samples.indices.map { ("#a\($0)", "attribute\($0)") }
                )
                $0.expressionAttributeValues = values.isEmpty ? nil : item(values)
            }
            #expect(
                legacy.items?.map(shown) == modern.items?.map(shown),
                "seed \(seed), round \(round): \(samples.map(\.text))"
            )
        }
    }
}
