internal import Primitives

extension DynamoDBNumber {
    /// Reads a decimal text: sign, digits, fraction, exponent.
    /// - Throws: AWS's sentence for what is no number, out of range or too exact.
    package init(_ text: String) throws(ValidationFailure) {
        self = try Self.parse(Array(text.utf8)[...])
    }

    package static func parse(_ text: ArraySlice<UInt8>) throws(ValidationFailure) -> DynamoDBNumber {
        guard let number = try self.scan(text) else {
            throw .notANumber(String(decoding: text, as: UTF8.self))
        }
        return try number.checked()
    }

    /// - Returns: nil when the text is no number.
    private static func scan(_ text: ArraySlice<UInt8>) throws(ValidationFailure) -> DynamoDBNumber? {
        var index = text.startIndex
        let end = text.endIndex
        var isNegative = false
        if index < end, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        var coefficient: UInt128 = 0
        var digits = 0
        var exponent = 0
        // Zeros are held back until a digit follows, so that 1 and 125 zeros is one significant digit.
        var heldZeros = 0
        var hasDigits = false
        var isFraction = false
        while index < end {
            let byte = text[index]
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else if ASCII.isDigit(byte) {
                hasDigits = true
                if isFraction { exponent -= 1 }
                if byte == UInt8(ascii: "0") {
                    heldZeros += digits > 0 ? 1 : 0
                } else {
                    digits += heldZeros + 1
                    guard digits <= self.significantDigitsMax, let power = self.power(heldZeros + 1) else {
                        // The rest must still be a number for this to be the right error.
                        throw .tooManyDigits
                    }
                    coefficient = coefficient * power + UInt128(byte - UInt8(ascii: "0"))
                    heldZeros = 0
                }
            } else {
                break
            }
            index += 1
        }
        guard hasDigits else { return nil }
        if index < end {
            guard text[index] == UInt8(ascii: "e") || text[index] == UInt8(ascii: "E"),
                let written = self.scanExponent(text[(index + 1)...])
            else { return nil }
            exponent += written
        }
        return self.normalised(isNegative, coefficient, exponent + heldZeros)
    }

    /// Clamped far outside of the range, so that no exponent overflows.
    private static func scanExponent(_ text: ArraySlice<UInt8>) -> Int? {
        var rest = text
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        guard !rest.isEmpty, rest.allSatisfy(ASCII.isDigit) else { return nil }
        let value = rest.reduce(0) { min(100_000, $0 * 10 + Int($1 - UInt8(ascii: "0"))) }
        return isNegative ? -value : value
    }

    /// Appends the text that AWS prints: plain, without an exponent, without needless zeros.
    package func appendText(to output: inout [UInt8]) {
        if self.isNegative { output.append(UInt8(ascii: "-")) }
        let digits = Array(String(self.coefficient).utf8)
        if self.exponent >= 0 {
            output.append(contentsOf: digits)
            output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: self.exponent))
            return
        }
        let point = digits.count + self.exponent
        if point > 0 {
            output.append(contentsOf: digits[..<point])
            output.append(UInt8(ascii: "."))
            output.append(contentsOf: digits[point...])
        } else {
            output.append(UInt8(ascii: "0"))
            output.append(UInt8(ascii: "."))
            output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -point))
            output.append(contentsOf: digits)
        }
    }

    package var text: String {
        var output: [UInt8] = []
        self.appendText(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Whether a text is already as `appendText` would write it: the common case, checked without arithmetic.
    static func isCanonicalInteger(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, text.count <= 19 else { return false }
        if first == UInt8(ascii: "0") { return text.count == 1 }
        let digits = first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard let leading = digits.first, leading != UInt8(ascii: "0") else { return false }
        return digits.allSatisfy(ASCII.isDigit)
    }

    /// What AWS charges: a byte for each two significant digits, one more, and one for a sign.
    /// - Parameter text: canonical.
    /// - Source: DynamoDB Developer Guide, "DynamoDB item sizes and formats".
    static func chargedBytes(_ text: ArraySlice<UInt8>) -> Int {
        var digits = 0
        var trailingZeros = 0
        for byte in text where ASCII.isDigit(byte) {
            if byte == UInt8(ascii: "0") {
                if digits > 0 { trailingZeros += 1 }
            } else {
                digits += trailingZeros + 1
                trailingZeros = 0
            }
        }
        return (digits + 1) / 2 + 1 + (text.first == UInt8(ascii: "-") ? 1 : 0)
    }

    /// Appends bytes that sort as the numbers do and end themselves.
    ///
    /// Class (negative 0, zero 1, positive 2), magnitude + 32,768 (2), digits in pairs as 1...100, terminator 0; all
    /// but the class inverted for negative numbers.
    package func appendKeyBytes(to output: inout [UInt8]) {
        guard self.coefficient != 0 else {
            output.append(1)
            return
        }
        output.append(self.isNegative ? 0 : 2)
        let mask: UInt8 = self.isNegative ? 0xFF : 0
        let magnitude = UInt16(self.magnitude + 0x8000)
        output.append(UInt8(magnitude >> 8) ^ mask)
        output.append(UInt8(magnitude & 0xFF) ^ mask)
        let digits = Array(String(self.coefficient).utf8)
        var index = 0
        while index < digits.count {
            let high = digits[index] - UInt8(ascii: "0")
            let low = index + 1 < digits.count ? digits[index + 1] - UInt8(ascii: "0") : 0
            output.append((high * 10 + low + 1) ^ mask)
            index += 2
        }
        output.append(0 ^ mask)
    }
}
