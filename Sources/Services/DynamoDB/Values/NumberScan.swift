internal import Primitives

/// Scans the text of a number: sign, digits with an optional point, exponent.
///
/// The whole text is scanned before limits are checked: a text that is not a number is reported as such, even if it is
/// also too large.
struct NumberScan {
    private let text: ArraySlice<UInt8>
    private var index: Int
    private(set) var isNegative = false
    /// The first 38 significant digits.
    private(set) var coefficient: UInt128 = 0
    /// The number of digits from the first to the last that is not zero; 0 for zero.
    private(set) var digitCount = 0
    /// The exponent of the last significant digit.
    private(set) var exponent = 0

    init(_ text: ArraySlice<UInt8>) {
        self.text = text
        self.index = text.startIndex
    }

    /// - Returns: false when the text is not a number.
    mutating func read() -> Bool {
        self.isNegative = self.sign()
        guard self.digits() else { return false }
        guard self.index < self.text.endIndex else { return true }
        guard self.text[self.index] | 0x20 == UInt8(ascii: "e") else { return false }
        self.index += 1
        guard let written = self.writtenExponent() else { return false }
        self.exponent += written
        return true
    }

    private mutating func sign() -> Bool {
        guard self.index < self.text.endIndex else { return false }
        let byte = self.text[self.index]
        guard byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") else { return false }
        self.index += 1
        return byte == UInt8(ascii: "-")
    }

    private mutating func digits() -> Bool {
        var hasDigits = false
        var isFraction = false
        // Zeros are only counted once another digit follows, so 1 with 125 zeros has one significant digit.
        var heldZeros = 0
        while self.index < self.text.endIndex {
            let byte = self.text[self.index]
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
                self.index += 1
                continue
            }
            guard ASCII.isDigit(byte) else { break }
            self.index += 1
            hasDigits = true
            if isFraction { self.exponent -= 1 }
            if byte == UInt8(ascii: "0") {
                if self.digitCount > 0 { heldZeros += 1 }
            } else {
                self.append(byte - UInt8(ascii: "0"), after: heldZeros)
                heldZeros = 0
            }
        }
        self.exponent += heldZeros
        return hasDigits
    }

    private mutating func append(_ digit: UInt8, after zeros: Int) {
        self.digitCount += zeros + 1
        guard self.digitCount <= DynamoDBNumber.significantDigitsMax else { return }
        let power = zeros == 0 ? 10 : DynamoDBNumber.power(zeros + 1) ?? 0
        self.coefficient = self.coefficient &* power &+ UInt128(digit)
    }

    /// The exponent in the text, clamped far outside the valid range, so that nothing overflows.
    private mutating func writtenExponent() -> Int? {
        let isNegative = self.sign()
        guard self.index < self.text.endIndex else { return nil }
        var value = 0
        while self.index < self.text.endIndex {
            let byte = self.text[self.index]
            guard ASCII.isDigit(byte) else { return nil }
            value = min(1_000_000_000, value * 10 + Int(byte - UInt8(ascii: "0")))
            self.index += 1
        }
        return isNegative ? -value : value
    }
}
