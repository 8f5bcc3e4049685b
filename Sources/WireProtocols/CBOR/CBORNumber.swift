internal import Primitives
internal import ServiceModel

/// Numbers in notations that only CBOR has: half-precision, bignums and decimal fractions.
enum CBORNumber {
    /// The longest bignum, in bytes: 2,466 decimal digits. Numbers in AWS's models have at most 38 digits.
    static let bignumBytesMax = 1024

    /// The value of IEEE 754 binary16.
    static func half(_ bits: UInt16) -> Double {
        let sign: Double = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 31)
        let fraction = Double(bits & 1023)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
        }
    }

    /// No service stores a number whose exponent has more than nine digits, and decimal texts with one are refused as
    /// well.
    static let exponentMagnitudeMax: UInt64 = 999_999_999

    /// Exponents and digit counts up to this are written out as plain integers.
    private static let plainDigitsMax = 64

    /// The same number without a positive exponent, if its digits stay short.
    static func normalised(_ decimal: NumberText.Decimal) -> NumberText.Decimal {
        var decimal = decimal
        if decimal.exponent > 0, decimal.exponent <= self.plainDigitsMax, decimal.digits.count <= self.plainDigitsMax {
            if !decimal.digits.isEmpty {
                decimal.digits.append(contentsOf: repeatElement(0, count: decimal.exponent))
            }
            decimal.exponent = 0
        }
        if decimal.digits.isEmpty { decimal.isNegative = false }
        return decimal
    }

    /// The canonical text of a number with its scale: `-273.15`, `0.001`, `1E300`.
    static func text(_ decimal: NumberText.Decimal) -> String {
        let decimal = self.normalised(decimal)
        var digits = decimal.digits.isEmpty ? [0] : decimal.digits
        var text: [UInt8] = decimal.isNegative ? [UInt8(ascii: "-")] : []
        let isPlain = decimal.exponent <= 0 && decimal.exponent >= -self.plainDigitsMax
        let fractionCount = isPlain ? -decimal.exponent : 0
        if digits.count <= fractionCount {
            digits.insert(contentsOf: repeatElement(0, count: fractionCount + 1 - digits.count), at: 0)
        }
        text.append(contentsOf: digits.dropLast(fractionCount).map { $0 + 0x30 })
        if fractionCount > 0 {
            text.append(UInt8(ascii: "."))
            text.append(contentsOf: digits.suffix(fractionCount).map { $0 + 0x30 })
        }
        let number = String(decoding: text, as: UTF8.self)
        return isPlain ? number : "\(number)E\(decimal.exponent)"
    }

    /// The decimal digits of a big-endian magnitude plus `increment`; `0` for an empty magnitude.
    /// - Complexity: O(n²) of at most `bignumBytesMax` bytes.
    static func decimalText(_ magnitude: some Collection<UInt8>, increment: UInt64 = 0) -> String {
        // Base 10⁹, least significant first.
        let base: UInt64 = 1_000_000_000
        var limbs: [UInt64] = []
        func multiplyAdd(_ factor: UInt64, _ addend: UInt64) {
            var carry = addend
            for index in limbs.indices {
                let value = limbs[index] * factor + carry
                limbs[index] = value % base
                carry = value / base
            }
            while carry > 0 {
                limbs.append(carry % base)
                carry /= base
            }
        }
        for byte in magnitude { multiplyAdd(256, UInt64(byte)) }
        if increment > 0 { multiplyAdd(1, increment) }
        guard let highest = limbs.last else { return "0" }
        var text = highest.description
        for limb in limbs.dropLast().reversed() {
            let digits = limb.description
            text += String(repeating: "0", count: 9 - digits.utf8.count) + digits
        }
        return text
    }

    /// The big-endian magnitude of a number given as decimal digit values, most significant first.
    /// - Complexity: O(n²)
    static func magnitude(digits: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []  // least significant first
        for digit in digits {
            var carry = UInt16(digit)
            for index in bytes.indices {
                let value = UInt16(bytes[index]) * 10 + carry
                bytes[index] = UInt8(truncatingIfNeeded: value)
                carry = value >> 8
            }
            if carry > 0 { bytes.append(UInt8(truncatingIfNeeded: carry)) }
        }
        return bytes.reversed()
    }
}

extension CBORScanner {
    /// The next number as a double; nil for an item of another kind.
    mutating func double(_ head: CBORHead) -> Double? {
        switch (head.major, head.info) {
        case (.unsigned, _): Double(head.argument)
        case (.negative, _): -1 - Double(head.argument)
        case (.simple, 25): CBORNumber.half(UInt16(truncatingIfNeeded: head.argument))
        case (.simple, 26): Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument)))
        case (.simple, 27): Double(bitPattern: head.argument)
        default: nil
        }
    }

    /// The integer of a head; nil for an item of another kind, or when 64 bits cannot hold it.
    func integer(_ head: CBORHead) -> Int64? {
        switch head.major {
        case .unsigned: Int64(exactly: head.argument)
        case .negative: Int64(exactly: head.argument).map { -1 - $0 }
        default: nil
        }
    }

    /// The decimal text of the integer, bignum or decimal fraction whose head was read; nil for an item of another
    /// kind.
    mutating func bigNumberText(_ head: CBORHead) throws(ShapeError) -> String? {
        switch (head.major, head.argument) {
        case (.unsigned, let value):
            return value.description
        case (.negative, let value):
            return "-" + (value == .max ? "18446744073709551616" : (value + 1).description)
        case (.tag, 2), (.tag, 3):
            let content = try self.head()
            guard content.major == .bytes else { throw .malformed("a bignum that is not a byte string") }
            var magnitude: [UInt8] = []
            try self.appendString(content, to: &magnitude)
            guard magnitude.count <= CBORNumber.bignumBytesMax else {
                throw .limitExceeded("a bignum of more than \(CBORNumber.bignumBytesMax) bytes")
            }
            let isNegative = head.argument == 3
            let text = CBORNumber.decimalText(magnitude, increment: isNegative ? 1 : 0)
            return isNegative ? "-" + text : text
        case (.tag, 4):
            return try self.decimalFraction()
        case (.simple, _):
            guard let value = self.double(head), value.isFinite else { return nil }
            return NumberText.decimal(Array(value.description.utf8)).map(CBORNumber.text)
        default:
            return nil
        }
    }

    private mutating func decimalFraction() throws(ShapeError) -> String {
        let array = try self.head()
        guard array.major == .array, array.isIndefinite || array.argument == 2 else {
            throw .malformed("a decimal fraction that is not a pair")
        }
        guard let exponent = self.integer(try self.head()) else {
            throw .malformed("a decimal fraction's exponent that is no integer")
        }
        guard exponent.magnitude <= CBORNumber.exponentMagnitudeMax else {
            throw .limitExceeded("an exponent of more than nine digits")
        }
        let head = try self.head()
        let isInteger =
            head.major == .unsigned || head.major == .negative
            || (head.major == .tag && (head.argument == 2 || head.argument == 3))
        guard isInteger, let mantissa = try self.bigNumberText(head) else {
            throw .malformed("a decimal fraction's mantissa that is no integer")
        }
        guard !array.isIndefinite || self.takeBreak() else { throw .malformed("a decimal fraction that is not a pair") }
        guard var decimal = NumberText.decimal(Array(mantissa.utf8)) else { return mantissa }
        decimal.exponent = Int(exponent)
        return CBORNumber.text(decimal)
    }
}
