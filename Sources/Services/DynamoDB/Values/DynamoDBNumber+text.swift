internal import Primitives

extension DynamoDBNumber {
    /// Parses a decimal text: sign, digits, fraction, exponent.
    /// - Throws: AWS's sentence for text that is not a number, is out of range or has too many digits.
    package init(_ text: String) throws(ValidationFailure) {
        self = try Self.parse(Array(text.utf8)[...])
    }

    package static func parse(_ text: ArraySlice<UInt8>) throws(ValidationFailure) -> DynamoDBNumber {
        var scan = NumberScan(text)
        guard scan.read() else { throw .notANumber(String(decoding: text, as: UTF8.self)) }
        guard scan.digitCount > 0 else {
            // AWS refuses `0e1000` since 2025, according to an issue of ScyllaDB (26079); its message is an assumption.
            guard scan.exponent <= self.magnitudeMax else { throw .numberOverflow }
            return .zero
        }
        let magnitude = scan.digitCount - 1 + scan.exponent
        guard magnitude <= self.magnitudeMax else { throw .numberOverflow }
        guard magnitude >= self.magnitudeMin else { throw .numberUnderflow }
        guard scan.digitCount <= self.significantDigitsMax else { throw .tooManyDigits }
        return DynamoDBNumber(trusted: scan.isNegative, scan.coefficient, scan.exponent)
    }

    /// Appends the text that AWS prints: without an exponent and without redundant zeros.
    package func appendText(to output: inout [UInt8]) {
        if self.isNegative { output.append(UInt8(ascii: "-")) }
        let point = self.digitCount + self.exponent
        if self.exponent < 0, point <= 0 {
            output.append(UInt8(ascii: "0"))
            output.append(UInt8(ascii: "."))
            output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -point))
        }
        let start = output.count
        self.appendDigits(to: &output)
        if self.exponent >= 0 {
            output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: self.exponent))
        } else if point > 0 {
            output.insert(UInt8(ascii: "."), at: start + point)
        }
    }

    /// Appends the digits of the coefficient; zero has one.
    private func appendDigits(to output: inout [UInt8]) {
        let start = output.count
        var rest = self.coefficient
        // 128-bit division is slow: at most two are needed, for nineteen digits each.
        while rest > UInt128(UInt64.max) {
            let (quotient, part) = rest.quotientAndRemainder(dividingBy: 10_000_000_000_000_000_000)
            Self.appendReversed(UInt64(part), minimumCount: 19, to: &output)
            rest = quotient
        }
        Self.appendReversed(UInt64(rest), minimumCount: 1, to: &output)
        output[start...].reverse()
    }

    private static func appendReversed(_ value: UInt64, minimumCount: Int, to output: inout [UInt8]) {
        var rest = value
        var count = 0
        while rest > 0 || count < minimumCount {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            output.append(UInt8(ascii: "0") + UInt8(digit))
            rest = quotient
            count += 1
        }
    }

    package var text: String {
        var output: [UInt8] = []
        self.appendText(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Whether a text already equals the output of `appendText`: the common case, checked without arithmetic.
    static func isCanonical(_ text: Span<UInt8>) -> Bool {
        let count = text.count
        guard count > 0, count <= 19 else { return false }
        if count == 1 { return ASCII.isDigit(text[0]) }
        let start = text[0] == UInt8(ascii: "-") ? 1 : 0
        // A leading zero must precede the point, and a fraction must not end with a zero.
        if text[start] == UInt8(ascii: "0"), start + 1 == count || text[start + 1] != UInt8(ascii: ".") { return false }
        var point: Int?
        for index in start..<count where !ASCII.isDigit(text[index]) {
            guard text[index] == UInt8(ascii: "."), point == nil, index > start else { return false }
            point = index
        }
        guard let point else { return true }
        return point < count - 1 && text[count - 1] != UInt8(ascii: "0")
    }

    /// Appends a self-delimiting encoding that sorts like the numbers.
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
        var digits: [UInt8] = []
        self.appendDigits(to: &digits)
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
