/// Numbers as the text formats of AWS write them (XML, forms, header fields), read from UTF-8.
package enum NumberText {
    /// An optional `-` and decimal digits.
    /// - Returns: nil for anything else, and for a number that 64 bits do not hold.
    package static func integer(_ text: Span<UInt8>) -> Int64? {
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        guard index < text.count else { return nil }
        // Gathered below zero, as the smallest value has no positive counterpart.
        var value: Int64 = 0
        while index < text.count {
            guard ASCII.isDigit(text[index]) else { return nil }
            let (scaled, isOver) = value.multipliedReportingOverflow(by: 10)
            let (sum, isUnder) = scaled.subtractingReportingOverflow(Int64(text[index] &- 0x30))
            guard !isOver, !isUnder else { return nil }
            value = sum
            index += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// A decimal number with optional fraction and exponent, or `NaN`, `Infinity`, `-Infinity`.
    /// - Returns: nil for anything else, and for a number beyond the range of `Double`.
    package static func double(_ text: Span<UInt8>) -> Double? {
        guard self.isDecimal(text) else { return self.notANumber(text) }
        var copy: [UInt8] = []
        copy.reserveCapacity(text.count)
        for index in text.indices { copy.append(text[index]) }
        guard let value = Double(String(decoding: copy, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    /// Whether the text is an optional `-`, digits, an optional fraction and an optional exponent.
    package static func isDecimal(_ text: Span<UInt8>) -> Bool {
        var index = text.count > 0 && text[0] == UInt8(ascii: "-") ? 1 : 0
        guard self.skipDigits(text, &index) else { return false }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            guard self.skipDigits(text, &index) else { return false }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") { index += 1 }
            guard self.skipDigits(text, &index) else { return false }
        }
        return index == text.count
    }

    /// The text of a double: shortest digits that read back the same, or `NaN`, `Infinity`, `-Infinity`.
    package static func append(_ value: Double, to output: inout [UInt8]) {
        if value.isFinite {
            output.append(contentsOf: value.description.utf8)
        } else {
            output.append(contentsOf: self.name(isNaN: value.isNaN, isNegative: value < 0).utf8)
        }
    }

    /// The text of a single-precision number; its digits are fewer than those of the same value as a double.
    package static func append(_ value: Float, to output: inout [UInt8]) {
        if value.isFinite {
            output.append(contentsOf: value.description.utf8)
        } else {
            output.append(contentsOf: self.name(isNaN: value.isNaN, isNegative: value < 0).utf8)
        }
    }

    /// The decimal digits of an integer.
    package static func append(_ value: Int64, to output: inout [UInt8]) {
        output.append(contentsOf: value.description.utf8)
    }

    private static func name(isNaN: Bool, isNegative: Bool) -> String {
        isNaN ? "NaN" : isNegative ? "-Infinity" : "Infinity"
    }

    private static func notANumber(_ text: Span<UInt8>) -> Double? {
        func equals(_ name: String) -> Bool {
            text.count == name.utf8.count && zip(text.indices, name.utf8).allSatisfy { text[$0] == $1 }
        }
        if equals("NaN") { return .nan }
        if equals("Infinity") { return .infinity }
        return equals("-Infinity") ? -.infinity : nil
    }

    private static func skipDigits(_ text: Span<UInt8>, _ index: inout Int) -> Bool {
        let start = index
        while index < text.count, ASCII.isDigit(text[index]) { index += 1 }
        return index > start
    }
}
