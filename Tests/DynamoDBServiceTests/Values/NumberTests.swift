import DynamoDBValues
import Primitives
import TestSupport
import Testing

/// Numbers: what AWS takes, prints and computes.
struct NumberTests {
    @Test(arguments: [
        Case("0", "0"), Case("-0", "0"), Case("0.000", "0"), Case("0E125", "0"), Case("1", "1"), Case("+1", "1"),
        Case("007", "7"),
        Case("1e3", "1000"), Case("1E-3", "0.001"), Case("1.0", "1"), Case("1.50", "1.5"), Case("-1.5", "-1.5"),
        Case(".5", "0.5"),
        Case("5.", "5"), Case("100", "100"), Case("0.00100", "0.001"), Case("-12.3400e2", "-1234"),
        Case("123e-5", "0.00123"),
        Case("18446744073709551616", "18446744073709551616"),
        Case("10000000000000000000000000000000000001", "10000000000000000000000000000000000001"),
        Case("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        Case("0.12345678901234567890123456789012345678", "0.12345678901234567890123456789012345678"),
        Case("1" + String(repeating: "0", count: 100), "1" + String(repeating: "0", count: 100)),
        Case(
            "9.9999999999999999999999999999999999999E125",
            String(repeating: "9", count: 38) + String(repeating: "0", count: 88)),
        Case("1E-130", "0." + String(repeating: "0", count: 129) + "1"),
    ])
    func `a number is printed plainly`(_ example: Case<String, String>) throws {
        #expect(try DynamoDBNumber(example.input).text == example.output)
        #expect(try DynamoDBNumber(example.output).text == example.output)
    }

    private static let overflow =
        "Number overflow. Attempting to store a number with magnitude larger than supported range"
    private static let underflow =
        "Number underflow. Attempting to store a number with magnitude smaller than supported range"
    private static let digits = "Attempting to store more than 38 significant digits in a Number"

    private static func notNumeric(_ text: String) -> String {
        "The parameter cannot be converted to a numeric value: \(text)"
    }

    @Test(arguments: [
        Case("", "The parameter cannot be converted to a numeric value"),
        Case("abc", notNumeric("abc")), Case("1,5", notNumeric("1,5")), Case(" 1", notNumeric(" 1")),
        Case("1 ", notNumeric("1 ")),
        Case("--1", notNumeric("--1")), Case("1e", notNumeric("1e")), Case("e5", notNumeric("e5")),
        Case(".", notNumeric(".")),
        Case("1.2.3", notNumeric("1.2.3")), Case("NaN", notNumeric("NaN")), Case("Infinity", notNumeric("Infinity")),
        Case("0x10", notNumeric("0x10")), Case("1e1.5", notNumeric("1e1.5")),
        Case(String(repeating: "1", count: 50) + "x", notNumeric(String(repeating: "1", count: 50) + "x")),
        Case("1E126", overflow), Case("-1E126", overflow), Case("1E99999999999999999999", overflow),
        Case("0E126", overflow),
        Case("9999999999999999999999999999999999999999E100", overflow),
        Case("1E-131", underflow), Case("-1E-131", underflow), Case("1E-99999999999999999999", underflow),
        Case("123456789012345678901234567890123456789", digits),
        Case("1.00000000000000000000000000000000000001", digits),
    ])
    func `what is no number is refused`(_ example: Case<String, String>) {
        let text = refusal { () throws(ValidationFailure) in _ = try DynamoDBNumber(example.input) }
        #expect(text == example.output)
    }

    @Test func `sums that need more than 38 digits are refused`() throws {
        let large = try DynamoDBNumber("1E38")
        let one = try DynamoDBNumber("1")
        #expect(refusal { () throws(ValidationFailure) in _ = try DynamoDBNumber.sum(large, one) } == Self.digits)
        #expect(try DynamoDBNumber.difference(large, one).text == String(repeating: "9", count: 38))
        let far = try DynamoDBNumber("1E125")
        #expect(refusal { () throws(ValidationFailure) in _ = try DynamoDBNumber.sum(far, one) } == Self.digits)
        let most = try DynamoDBNumber("9E125")
        #expect(refusal { () throws(ValidationFailure) in _ = try DynamoDBNumber.sum(most, far) } == Self.overflow)
        #expect(try DynamoDBNumber.difference(far, far).text == "0")
    }

    @Test func `what AWS charges for a number is a byte for two digits and one more`() throws {
        func bytes(_ text: String) -> Int { stored(number(text)).chargedBytes }
        #expect(bytes("0") == 1)
        #expect(bytes("1") == 2)
        #expect(bytes("12") == 2)
        #expect(bytes("123") == 3)
        #expect(bytes("-123") == 4)
        #expect(bytes("1200000") == 2)
        #expect(bytes("0.00012") == 2)
        #expect(bytes(String(repeating: "9", count: 38)) == 20)
        // The point divides the digits.
        #expect(bytes("1.5") == 3)
        #expect(bytes("12.34") == 3)
        #expect(bytes("-123.4") == 5)
        #expect(bytes("100.05") == 4)
        #expect(bytes("10.001") == 4)
    }
}

/// Numbers against arithmetic on decimal digits that is too plain to be wrong.
struct NumberPropertyTests {
    /// Digits of a number around a fixed point: the oracle.
    private struct Decimal {
        /// Places after the point.
        static let scale = 140
        var isNegative: Bool
        /// Least significant first.
        var digits: [Int]

        init(_ number: DynamoDBNumber) {
            self.isNegative = number.isNegative
            self.digits = [Int](repeating: 0, count: Self.scale + 140)
            var rest = number.coefficient
            var place = Self.scale + number.exponent
            while rest > 0 {
                self.digits[place] = Int(rest % 10)
                rest /= 10
                place += 1
            }
        }

        static func compareMagnitudes(_ left: Decimal, _ right: Decimal) -> Int {
            for (one, two) in zip(left.digits, right.digits).reversed() where one != two { return one - two }
            return 0
        }

        static func + (left: Decimal, right: Decimal) -> Decimal {
            var result = left
            if left.isNegative == right.isNegative {
                var carry = 0
                for place in result.digits.indices {
                    let total = left.digits[place] + right.digits[place] + carry
                    result.digits[place] = total % 10
                    carry = total / 10
                }
                return result
            }
            let isLeftLarger = self.compareMagnitudes(left, right) >= 0
            let (large, small) = isLeftLarger ? (left, right) : (right, left)
            result.isNegative = large.isNegative
            var borrow = 0
            for place in result.digits.indices {
                let difference = large.digits[place] - small.digits[place] - borrow
                borrow = difference < 0 ? 1 : 0
                result.digits[place] = difference + borrow * 10
            }
            return result
        }

        static func < (left: Decimal, right: Decimal) -> Bool {
            let (leftSign, rightSign) = (left.sign, right.sign)
            if leftSign != rightSign { return leftSign < rightSign }
            let order = self.compareMagnitudes(left, right)
            return leftSign < 0 ? order > 0 : order < 0
        }

        var sign: Int { self.digits.allSatisfy { $0 == 0 } ? 0 : self.isNegative ? -1 : 1 }

        /// Places from the first digit to the last that is not zero.
        var significantDigits: Int {
            guard let low = self.digits.firstIndex(where: { $0 != 0 }),
                let high = self.digits.lastIndex(where: { $0 != 0 })
            else { return 0 }
            return high - low + 1
        }

        var magnitude: Int { (self.digits.lastIndex { $0 != 0 } ?? Self.scale) - Self.scale }
    }

    private static func random(_ generator: inout SeededGenerator) -> DynamoDBNumber {
        let count = Int.random(in: 1...38, using: &generator)
        let digits = (0..<count).map { _ in String(Int.random(in: 0...9, using: &generator)) }.joined()
        let sign = Bool.random(using: &generator) ? "-" : ""
        let isNear = Int.random(in: 0..<4, using: &generator) > 0
        let exponent =
            isNear ? Int.random(in: -20...20, using: &generator) : Int.random(in: -130...87, using: &generator)
        return (try? DynamoDBNumber("\(sign)\(digits)E\(exponent)")) ?? .zero
    }

    @Test func `order, texts, keys and sums agree with digits`() throws {
        let seed = SeededRandomSource.testSeed(0xDB1)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            let (left, right) = (Self.random(&generator), Self.random(&generator))
            let (leftDecimal, rightDecimal) = (Decimal(left), Decimal(right))
            #expect((left < right) == (leftDecimal < rightDecimal), "seed \(seed): \(left.text) \(right.text)")
            #expect(try DynamoDBNumber(left.text) == left, "seed \(seed): \(left.text)")

            let texts = (Array(left.text.utf8), Array(right.text.utf8))
            let order = DynamoDBNumber.order(canonical: texts.0[...], texts.1[...])
            #expect(
                (order < 0) == (left < right) && (order == 0) == (left == right),
                "seed \(seed): \(left.text) \(right.text)")

            var keys: ([UInt8], [UInt8]) = ([], [])
            left.appendKeyBytes(to: &keys.0)
            right.appendKeyBytes(to: &keys.1)
            #expect(
                keys.0.lexicographicallyPrecedes(keys.1) == (left < right) && (keys.0 == keys.1) == (left == right),
                "seed \(seed): \(left.text) \(right.text)"
            )
            #expect(!keys.0.starts(with: keys.1) || left == right, "seed \(seed): a key begins with another")

            let sum = leftDecimal + rightDecimal
            let isStorable =
                sum.sign == 0
                || sum.significantDigits <= 38 && sum.magnitude <= 125 && sum.magnitude >= -130
            if let computed = try? DynamoDBNumber.sum(left, right) {
                #expect(
                    isStorable && !(Decimal(computed) < sum) && !(sum < Decimal(computed)),
                    "seed \(seed): \(left.text) + \(right.text)")
                #expect(
                    try DynamoDBNumber.difference(computed, right) == left || left.digitCount + right.digitCount > 38,
                    "seed \(seed)")
            } else {
                #expect(!isStorable, "seed \(seed): \(left.text) + \(right.text)")
            }
        }
    }
}
