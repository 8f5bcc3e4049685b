internal import Primitives
package import ServiceModel

/// Decimal texts of numbers, shared by every protocol that writes numbers as text.
package enum NumberText {
    /// A decimal number as written: (-1)^negative × digits × 10^exponent.
    package struct Decimal: Sendable, Equatable {
        package var isNegative: Bool
        /// The digits before and after the point, without leading zeros; empty for zero.
        package var digits: [UInt8]
        package var exponent: Int

        /// The number × 10^`scale`, truncated to an integer; nil if 64 bits cannot hold it.
        package func truncated(scaledBy scale: Int = 0) -> Int64? {
            let (shift, overflow) = self.exponent.addingReportingOverflow(scale)
            guard !overflow, !self.digits.isEmpty else { return self.digits.isEmpty ? 0 : nil }
            let kept = shift < 0 ? self.digits.dropLast(-shift) : self.digits[...]
            guard kept.count + max(0, shift) <= 19 || kept.isEmpty else { return nil }
            var value: Int64 = 0
            for digit in kept {
                guard Self.accumulate(&value, Int64(digit), isNegative: self.isNegative) else { return nil }
            }
            for _ in 0..<(kept.isEmpty ? 0 : max(0, shift)) {
                guard Self.accumulate(&value, 0, isNegative: self.isNegative) else { return nil }
            }
            return value
        }

        /// Whether the number has no fraction.
        package var isIntegral: Bool {
            guard self.exponent < 0, !self.digits.isEmpty else { return true }
            return self.exponent.magnitude <= UInt(self.digits.count)
                && self.digits.suffix(-self.exponent).allSatisfy { $0 == 0 }
        }

        private static func accumulate(_ value: inout Int64, _ digit: Int64, isNegative: Bool) -> Bool {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            value = sum
            return !overflow && !carry
        }
    }

    /// The longest exponent that is accepted; no service stores a number beyond it.
    private static let exponentDigitCountMax = 9

    /// Parses `-?digits(.digits)?([eE][+-]?digits)?`; leading zeros are allowed, JSON's reader refuses them itself.
    package static func decimal(_ text: some RandomAccessCollection<UInt8>) -> Decimal? {
        var index = text.startIndex
        let end = text.endIndex
        var isNegative = false
        if index < end, text[index] == UInt8(ascii: "-") {
            isNegative = true
            index = text.index(after: index)
        }
        var digits: [UInt8] = []
        var digitCount = 0
        var exponent = 0
        var hasPoint = false
        var fractionCount = 0
        while index < end {
            let byte = text[index]
            if ASCII.isDigit(byte) {
                digitCount += 1
                if hasPoint { fractionCount += 1 }
                if !(digits.isEmpty && byte == 0x30) { digits.append(byte - 0x30) }
            } else if byte == UInt8(ascii: "."), !hasPoint, digitCount > 0 {
                hasPoint = true
            } else {
                break
            }
            index = text.index(after: index)
        }
        guard digitCount > 0, !(hasPoint && fractionCount == 0) else { return nil }
        if index < end {
            guard text[index] | 0x20 == UInt8(ascii: "e"),
                let value = self.exponent(text[text.index(after: index)...])
            else { return nil }
            exponent = value
        }
        return Decimal(isNegative: isNegative, digits: digits, exponent: exponent - fractionCount)
    }

    private static func exponent(_ text: some RandomAccessCollection<UInt8>) -> Int? {
        var text = text[...]
        var isNegative = false
        if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            text = text.dropFirst()
        }
        guard !text.isEmpty, text.allSatisfy(ASCII.isDigit) else { return nil }
        let digits = text.drop { $0 == 0x30 }
        guard digits.count <= self.exponentDigitCountMax else { return isNegative ? -1_000_000_000 : 1_000_000_000 }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return isNegative ? -value : value
    }

    /// Parses an integer, `-?digits`; nil for any other text, and if 64 bits cannot hold it.
    package static func integer(_ text: some RandomAccessCollection<UInt8>) -> Int64? {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else { return nil }
        return self.decimal(text)?.truncated()
    }

    /// Parses a floating-point number: a decimal, `NaN`, `Infinity` or `-Infinity`.
    package static func double(_ text: some RandomAccessCollection<UInt8>) -> Double? {
        if text.elementsEqual("NaN".utf8) { return .nan }
        if text.elementsEqual("Infinity".utf8) { return .infinity }
        if text.elementsEqual("-Infinity".utf8) { return -.infinity }
        guard self.decimal(text) != nil else { return nil }
        return Double(String(decoding: text, as: UTF8.self))
    }

    /// The range of an integer type; nil for other types.
    package static func range(of type: ShapeType) -> ClosedRange<Int64>? {
        switch type {
        case .byte: Int64(Int8.min)...Int64(Int8.max)
        case .short: Int64(Int16.min)...Int64(Int16.max)
        case .integer, .intEnumeration: Int64(Int32.min)...Int64(Int32.max)
        case .long: Int64.min...Int64.max
        default: nil
        }
    }

    /// Appends the decimal digits.
    package static func append(_ value: UInt64, to output: inout [UInt8]) {
        guard value >= 10 else { return output.append(0x30 + UInt8(truncatingIfNeeded: value)) }
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        var rest = value
        while divisor > 0 {
            output.append(0x30 + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    package static func append(_ value: Int64, to output: inout [UInt8]) {
        if value < 0 { output.append(UInt8(ascii: "-")) }
        self.append(value.magnitude, to: &output)
    }

    /// The shortest text that parses to the same number; `NaN`, `Infinity`, `-Infinity` without quotes.
    package static func string(_ value: Double, isFloat: Bool) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return isFloat ? Float(value).description : value.description
    }
}
