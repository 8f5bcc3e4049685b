/// Percent encoding of RFC 3986 as AWS uses it.
package enum PercentEncoding {
    @usableFromInline static let upperDigits: [UInt8] = Array("0123456789ABCDEF".utf8)

    /// Appends `bytes` with everything but unreserved characters (and `/`, if `keepingSlash`) as `%XX` in upper case.
    @inlinable
    package static func append(
        _ bytes: some Sequence<UInt8>,
        keepingSlash: Bool = false,
        to output: inout [UInt8]
    ) {
        for byte in bytes {
            if ASCII.isUnreserved(byte) || (keepingSlash && byte == UInt8(ascii: "/")) {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(self.upperDigits[Int(byte >> 4)])
                output.append(self.upperDigits[Int(byte & 15)])
            }
        }
    }

    package static func encode(_ text: String, keepingSlash: Bool = false) -> String {
        var output: [UInt8] = []
        self.append(text.utf8, keepingSlash: keepingSlash, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Decodes `%XX`, and `+` to a space if `plusIsSpace` (as in forms).
    /// - Returns: nil for a `%` that is not followed by two hexadecimal digits.
    @inlinable
    package static func decode(_ bytes: some Sequence<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.underestimatedCount)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(ASCII.hexValue),
                    let low = iterator.next().flatMap(ASCII.hexValue)
                else { return nil }
                output.append(high << 4 | low)
            } else {
                output.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return output
    }

    /// As `decode`, as text.
    /// - Returns: nil when an escape or the UTF-8 is broken.
    package static func decodeText(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        guard let bytes = self.decode(text.utf8, plusIsSpace: plusIsSpace) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
