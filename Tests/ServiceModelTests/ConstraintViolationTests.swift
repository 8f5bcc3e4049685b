import ServiceModel
import Testing

@Suite struct ConstraintViolationTests {
    private static let input = SchemaText(
        """
        service id=shop signing=shop endpoint=shop version=1 protocols=awsJson1_1
        names Buy
        shape Basket structure input
        member First Text
        member Pairs Pairs
        member Named Named
        member Last Text
        shape Named map
        member key Text
        member value Pair
        shape Pair structure told=B,A
        member A Text
        member B Text
        member C Text
        shape Pairs list
        member member Pair
        shape Text string
        operation Buy Basket Basket
        """
    ).shape("Basket")

    private static func told(_ paths: [ConstraintViolation.PathStep]...) -> [[ConstraintViolation.PathStep]] {
        let violations = paths.map { ConstraintViolation(path: $0, demand: .notNull, value: nil) }
        return ConstraintViolation.told(violations, in: self.input).map(\.path)
    }

    private static func pair(_ index: Int, _ name: String) -> [ConstraintViolation.PathStep] {
        [.member("Pairs"), .element(index: index), .member(name)]
    }

    @Test func `what is wrong of a structure is told in the service's order of its members`() {
        #expect(
            Self.told(Self.pair(0, "C"), Self.pair(0, "A"), Self.pair(0, "B"))
                == [Self.pair(0, "B"), Self.pair(0, "A"), Self.pair(0, "C")])
        let (a, b) =
            ([.member("Named"), .key("k"), .member("A")], [.member("Named"), .key("k"), .member("B")])
            as ([ConstraintViolation.PathStep], [ConstraintViolation.PathStep])
        #expect(Self.told(a, b) == [b, a])
    }

    @Test func `structures whose order is not known, and elements, stay as they were read`() {
        #expect(
            Self.told([.member("Last")], Self.pair(1, "A"), Self.pair(1, "B"), Self.pair(0, "B"), [.member("First")])
                == [[.member("Last")], Self.pair(1, "B"), Self.pair(1, "A"), Self.pair(0, "B"), [.member("First")]])
    }

    @Test func `several violations of one member keep their order`() {
        let violations = [
            ConstraintViolation(path: Self.pair(0, "A"), demand: .pattern("[a-z]+"), value: ""),
            ConstraintViolation(path: Self.pair(0, "A"), demand: .length(min: 3, max: nil), value: ""),
            ConstraintViolation(path: Self.pair(0, "B"), demand: .notNull, value: nil),
        ]
        #expect(
            ConstraintViolation.told(violations, in: Self.input) == [violations[2], violations[0], violations[1]])
    }
}
