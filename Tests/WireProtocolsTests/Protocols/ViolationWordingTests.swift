import ServiceModel
import Testing
import WireProtocols

@Suite struct ViolationWordingTests {
    @Test(arguments: [
        (
            ConstraintViolation(path: [.member("TableName")], demand: .notNull, value: nil),
            "Value null at 'tableName' failed to satisfy constraint: Member must not be null",
            "Value at '/TableName' failed to satisfy constraint: Member must not be null"
        ),
        (
            ConstraintViolation(path: [.member("TableName")], demand: .length(min: 3, max: 255), value: "a", length: 1),
            "Value 'a' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
            "Value with length 1 at '/TableName' failed to satisfy constraint: Member must have length between 3 and 255, inclusive"
        ),
        (
            ConstraintViolation(
                path: [.member("TableName")], demand: .length(min: 3, max: 4), value: "abcde", length: 5),
            "Value 'abcde' at 'tableName' failed to satisfy constraint: Member must have length less than or equal to 4",
            "Value with length 5 at '/TableName' failed to satisfy constraint: Member must have length between 3 and 4, inclusive"
        ),
        (
            ConstraintViolation(path: [.member("Limit")], demand: .range(min: 1, max: nil), value: "0"),
            "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
            "Value at '/Limit' failed to satisfy constraint: Member must be greater than or equal to 1"
        ),
        (
            ConstraintViolation(path: [.member("Size")], demand: .range(min: 1, max: 2.5), value: "3"),
            "Value '3' at 'size' failed to satisfy constraint: Member must have value less than or equal to 2.5",
            "Value at '/Size' failed to satisfy constraint: Member must be between 1 and 2.5, inclusive"
        ),
        (
            ConstraintViolation(
                path: [.member("KeySchema"), .element(index: 0), .member("KeyType")],
                demand: .enumeration(["HASH", "RANGE"]), value: "x"),
            "Value 'x' at 'keySchema.1.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]",
            "Value at '/KeySchema/0/KeyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]"
        ),
        (
            Self.within(
                ConstraintViolation(
                    path: [.member("RequestItems"), .keyOf("a!")], demand: .pattern("[a-z]+"), value: "a!"),
                "{a!=[]}", [.pattern("[a-z]+")]),
            "Value '{a!=[]}' at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]+]",
            "Value at '/RequestItems' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"
        ),
        (
            Self.within(
                ConstraintViolation(
                    path: [.member("Names"), .element(index: 1)], demand: .length(min: 1, max: 3), value: "",
                    length: 0),
                "[a, ]", [.length(min: nil, max: 3), .length(min: 1, max: nil)]),
            "Value '[a, ]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 1]",
            "Value with length 0 at '/Names/1' failed to satisfy constraint: Member must have length between 1 and 3, inclusive"
        ),
        (
            Self.within(
                ConstraintViolation(
                    path: [.member("RequestItems"), .key("t")], demand: .length(min: 1, max: nil), value: "[]",
                    length: 0),
                "{t=[]}", [.length(min: 1, max: nil)]),
            "Value '{t=[]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length greater than or equal to 1]",
            "Value with length 0 at '/RequestItems/t' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ),
        (
            Self.sensitive(ConstraintViolation(path: [.member("Password")], demand: .pattern("[a-z]+"), value: nil)),
            "Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+",
            "Value at '/Password' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"
        ),
        (
            ConstraintViolation(path: [.member("Map"), .key("a/b~c")], demand: .uniqueItems, value: "[]"),
            "Value '[]' at 'map.a/b~c.member' failed to satisfy constraint: Member must have unique values",
            "Value at '/Map/a~1b~0c' failed to satisfy constraint: Member must have unique values"
        ),
    ])
    func `a violation is worded in both styles`(_ violation: ConstraintViolation, _ coral: String, _ smithy: String) {
        #expect(ViolationWording.coral.sentence([violation]) == "1 validation error detected: " + coral)
        #expect(ViolationWording.smithy.sentence([violation]) == "1 validation error detected. " + smithy)
    }

    private static func within(
        _ violation: ConstraintViolation, _ value: String, _ demands: [ConstraintViolation.Demand]
    ) -> ConstraintViolation {
        var violation = violation
        violation.container = .init(value: value, demands: demands)
        return violation
    }

    private static func sensitive(_ violation: ConstraintViolation) -> ConstraintViolation {
        var violation = violation
        violation.isSensitive = true
        return violation
    }

    @Test func `several violations stand in one sentence, ten at most`() {
        func violation(_ name: String) -> ConstraintViolation {
            ConstraintViolation(path: [.member(name)], demand: .notNull, value: nil)
        }
        func clause(_ name: String) -> String {
            "Value null at '\(name)' failed to satisfy constraint: Member must not be null"
        }
        #expect(
            ViolationWording.coral.sentence([violation("a"), violation("b")])
                == "2 validation errors detected: \(clause("a")); \(clause("b"))")
        let names = (0..<11).map { "member\($0)" }
        #expect(
            ViolationWording.coral.sentence(names.map(violation))
                == "10 validation errors detected: " + names.prefix(10).map(clause).joined(separator: "; "))
    }

    @Test func `elements that break a list's demand in the same words are told once`() {
        let one = ConstraintViolation(path: [.member("A")], demand: .notNull, value: nil)
        let clause = "Value null at 'a' failed to satisfy constraint: Member must not be null"
        #expect(ViolationWording.coral.sentence([one, one]) == "1 validation error detected: \(clause)")
    }
}
