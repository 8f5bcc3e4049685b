/// Hexadecimal text of bytes.
package enum Hex {
    @usableFromInline static let lowerDigits: [UInt8] = Array("0123456789abcdef".utf8)

    /// The lower-case digit of the lower four bits.
    @inlinable
    package static func digit(_ value: UInt8) -> UInt8 {
        self.lowerDigits[Int(value & 15)]
    }

    /// Appends two lower-case digits a byte.
    @inlinable
    package static func append(_ bytes: some Sequence<UInt8>, to output: inout [UInt8]) {
        for byte in bytes {
            output.append(self.lowerDigits[Int(byte >> 4)])
            output.append(self.lowerDigits[Int(byte & 15)])
        }
    }

    /// Lower-case text, two digits a byte.
    @inlinable
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.underestimatedCount * 2)
        self.append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// As the generic `encode`, for the type that most callers have; see `Base64.encode`.
    package static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 2)
        self.append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of an even number of digits in either case; nil for anything else.
    package static func decode(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for digit in text.utf8 {
            guard let value = ASCII.hexValue(digit) else { return nil }
            if let upper = high {
                output.append(upper << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? output : nil
    }
}
