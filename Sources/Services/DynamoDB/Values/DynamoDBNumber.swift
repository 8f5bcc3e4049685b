/// An exact decimal number of up to 38 significant digits between 1E-130 and 9.99…E+125, or zero; never a `Double`.
///
/// The value is `coefficient × 10^exponent`, negated if `isNegative`. Normalised: the coefficient has no trailing zero,
/// and zero is `0 × 10^0`, positive; so equal numbers are equal values.
/// - Source: DynamoDB Developer Guide, "Supported data types and naming rules", Number.
package struct DynamoDBNumber: Sendable, Hashable {
    package static let significantDigitsMax = 38
    /// Of the first significant digit.
    package static let magnitudeMax = 125
    package static let magnitudeMin = -130

    package let isNegative: Bool
    package let coefficient: UInt128
    package let exponent: Int

    package static let zero = DynamoDBNumber(trusted: false, 0, 0)

    init(trusted isNegative: Bool, _ coefficient: UInt128, _ exponent: Int) {
        self.isNegative = isNegative
        self.coefficient = coefficient
        self.exponent = exponent
    }

    package init(_ value: Int) {
        self = Self.normalised(isNegative: value < 0, UInt128(value.magnitude), 0)
    }

    /// Strips trailing zeros from the coefficient. The caller checks limits.
    static func normalised(isNegative: Bool, _ coefficient: UInt128, _ exponent: Int) -> DynamoDBNumber {
        guard coefficient != 0 else { return .zero }
        var coefficient = coefficient
        var exponent = exponent
        if coefficient <= UInt128(UInt64.max) {
            var small = UInt64(coefficient)
            while case (let quotient, 0) = small.quotientAndRemainder(dividingBy: 10) {
                small = quotient
                exponent += 1
            }
            return DynamoDBNumber(trusted: isNegative, UInt128(small), exponent)
        }
        while true {
            let (quotient, remainder) = coefficient.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { break }
            coefficient = quotient
            exponent += 1
        }
        return DynamoDBNumber(trusted: isNegative, coefficient, exponent)
    }

    /// Checks AWS's limits for a number to be stored.
    func checked() throws(ValidationFailure) -> DynamoDBNumber {
        guard self.coefficient != 0 else { return self }
        guard self.magnitude <= Self.magnitudeMax else { throw .numberOverflow }
        guard self.magnitude >= Self.magnitudeMin else { throw .numberUnderflow }
        guard self.digitCount <= Self.significantDigitsMax else { throw .tooManyDigits }
        return self
    }

    /// The value without its fraction; nil for negative numbers and for more than `digitsMax` digits, at most 18.
    package func wholePart(digitsMax: Int) -> Int64? {
        guard !self.isNegative else { return nil }
        guard self.coefficient != 0, self.magnitude >= 0 else { return 0 }
        guard self.magnitude < min(digitsMax, 18) else { return nil }
        var value = self.coefficient
        for _ in 0..<abs(self.exponent) { value = self.exponent > 0 ? value * 10 : value / 10 }
        return Int64(value)
    }

    /// The exponent of the first significant digit.
    package var magnitude: Int { self.digitCount - 1 + self.exponent }

    /// The number of significant digits; 0 for zero.
    package var digitCount: Int {
        var count = 0
        var power: UInt128 = 1
        while self.coefficient >= power {
            count += 1
            let (next, overflow) = power.multipliedReportingOverflow(by: 10)
            if overflow { break }
            power = next
        }
        return count
    }

    /// 10 to the power of `exponent`; nil outside 0 to 38.
    static func power(_ exponent: Int) -> UInt128? {
        guard (0...38).contains(exponent) else { return nil }
        return self.powers[exponent]
    }

    private static let powers: [UInt128] = (0...38).map { exponent in
        (0..<exponent).reduce(UInt128(1)) { power, _ in power * 10 }
    }
}

extension ValidationFailure {
    static let tooManyDigits = ValidationFailure("Attempting to store more than 38 significant digits in a Number")
    static let numberOverflow = ValidationFailure(
        "Number overflow. Attempting to store a number with magnitude larger than supported range"
    )
    static let numberUnderflow = ValidationFailure(
        "Number underflow. Attempting to store a number with magnitude smaller than supported range"
    )

    static func notANumber(_ text: String) -> ValidationFailure {
        ValidationFailure(
            text.isEmpty
                ? "The parameter cannot be converted to a numeric value"
                : "The parameter cannot be converted to a numeric value: \(EchoedList.cut(text))"
        )
    }
}

extension DynamoDBNumber: Comparable {
    package static func < (left: DynamoDBNumber, right: DynamoDBNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? self.isLess(right, left) : self.isLess(left, right)
    }

    /// Compares magnitudes.
    private static func isLess(_ left: DynamoDBNumber, _ right: DynamoDBNumber) -> Bool {
        if left.coefficient == 0 || right.coefficient == 0 { return left.coefficient < right.coefficient }
        let (leftMagnitude, rightMagnitude) = (left.magnitude, right.magnitude)
        if leftMagnitude != rightMagnitude { return leftMagnitude < rightMagnitude }
        // The first digits have the same place, so at most 37 zeros bring both to one exponent.
        let lowest = min(left.exponent, right.exponent)
        let leftPower = self.power(left.exponent - lowest) ?? 1
        let rightPower = self.power(right.exponent - lowest) ?? 1
        return left.coefficient * leftPower < right.coefficient * rightPower
    }

    /// The exact sum.
    /// - Throws: when the sum has more than 38 significant digits or is out of range.
    package static func sum(
        _ left: DynamoDBNumber, _ right: DynamoDBNumber
    ) throws(ValidationFailure) -> DynamoDBNumber {
        if left.coefficient == 0 { return right }
        if right.coefficient == 0 { return left }
        let lowest = min(left.exponent, right.exponent)
        let leftScaled = try self.scaled(left, to: lowest)
        let rightScaled = try self.scaled(right, to: lowest)
        let sum: DynamoDBNumber
        if left.isNegative == right.isNegative {
            let (total, overflow) = leftScaled.addingReportingOverflow(rightScaled)
            guard !overflow else { throw .tooManyDigits }
            sum = self.normalised(isNegative: left.isNegative, total, lowest)
        } else if leftScaled >= rightScaled {
            sum = self.normalised(isNegative: left.isNegative, leftScaled - rightScaled, lowest)
        } else {
            sum = self.normalised(isNegative: right.isNegative, rightScaled - leftScaled, lowest)
        }
        return try sum.checked()
    }

    package static func difference(
        _ left: DynamoDBNumber, _ right: DynamoDBNumber
    ) throws(ValidationFailure) -> DynamoDBNumber {
        guard right.coefficient != 0 else { return left }
        let negated = DynamoDBNumber(trusted: !right.isNegative, right.coefficient, right.exponent)
        return try self.sum(left, negated)
    }

    private static func scaled(_ number: DynamoDBNumber, to exponent: Int) throws(ValidationFailure) -> UInt128 {
        guard let power = self.power(number.exponent - exponent) else { throw .tooManyDigits }
        let (scaled, overflow) = number.coefficient.multipliedReportingOverflow(by: power)
        guard !overflow else { throw .tooManyDigits }
        return scaled
    }
}
