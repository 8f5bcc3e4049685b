internal import Primitives

/// Concatenated texts, each preceded by its length, so that the encoding is unambiguous whatever the texts contain.
enum Netstring {
    /// The longest text, in bytes; an ARN has at most 2,048.
    static let bytesMax = 4096

    /// The most bytes before a text: its length and a colon.
    static let overheadMax = 20
    /// The most digits of a number of 64 bits.
    static let decimalMax = 20

    static func append(_ text: String, to cursor: inout ByteCursor) {
        let bytes = text.utf8.span
        cursor.append(decimal: bytes.count)
        cursor.append(byte: UInt8(ascii: ":"))
        cursor.append(bytes)
    }

    static func append(decimal number: Int64, to cursor: inout ByteCursor) {
        self.append(String(number), to: &cursor)
    }

    static func append(decimal number: UInt64, to cursor: inout ByteCursor) {
        self.append(String(number), to: &cursor)
    }

    /// - Returns: nil unless the bytes are nothing but encoded texts.
    static func texts(_ bytes: [UInt8], countMax: Int) -> [String]? {
        var texts: [String] = []
        var index = 0
        while index < bytes.count {
            guard texts.count < countMax else { return nil }
            var length = 0
            var digitCount = 0
            while index < bytes.count, bytes[index] &- 0x30 < 10 {
                length = length * 10 + Int(bytes[index] & 0x0F)
                digitCount += 1
                index += 1
                guard length <= self.bytesMax, digitCount <= 4 else { return nil }
            }
            guard digitCount > 0, index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return nil }
            index += 1
            guard length <= bytes.count - index,
                let text = String(validating: bytes[index..<(index + length)], as: UTF8.self)
            else { return nil }
            texts.append(text)
            index += length
        }
        return texts
    }
}
