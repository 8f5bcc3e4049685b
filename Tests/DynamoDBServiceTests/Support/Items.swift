import DynamoDBService
import DynamoDBValues
import Testing

/// A number of a test, which must be one.
func number(_ text: String) -> AttributeValue {
    do {
        return .n(try DynamoDBNumber(text))
    } catch {
        Issue.record("\(text) is no number: \(error.message)")
        return .null
    }
}

func map(_ entries: [(String, AttributeValue)]) -> AttributeValue {
    .m(AttributeTree(entries.map { .init($0.0, $0.1) }))
}

func item(_ entries: [(String, AttributeValue)]) -> AttributeMap {
    AttributeMap(AttributeTree(entries.map { .init($0.0, $0.1) }))
}

/// The value as a stored one.
func stored(_ value: AttributeValue) -> StoredValue {
    do {
        return try StoredValue(value)
    } catch {
        preconditionFailure("the value of a test is lawful: \(error.message)")
    }
}

/// The sentence with which something is refused; nil when it is not.
func refusal(_ body: () throws(ValidationFailure) -> Void) -> String? {
    do throws(ValidationFailure) {
        try body()
        return nil
    } catch {
        return error.message
    }
}

/// A table of cases whose names stand in test output.
struct Case<Input: Sendable, Output: Sendable>: Sendable, CustomTestStringConvertible {
    let input: Input
    let output: Output

    init(_ input: Input, _ output: Output) {
        self.input = input
        self.output = output
    }

    var testDescription: String { "\(self.input)" }
}

/// SplitMix64: the same sequence for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
