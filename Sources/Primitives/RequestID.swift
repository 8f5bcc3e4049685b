/// The id that a response carries and every log line of the request repeats.
package struct RequestID: Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) {
        self.description = text
    }

    /// DynamoDB's form: 52 characters of `0`–`9` and `A`–`V`, made of 128 random bits.
    package static func long(_ random: some RandomSource) -> RequestID {
        // Two words stretched to seven, and written into the string's own storage, eight characters at once: every
        // request needs an id.
        var state = random.next()
        let factor = random.next() | 1
        func word() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            let product = state.multipliedFullWidth(by: factor)
            return product.high ^ product.low
        }
        let text = unsafe String(unsafeUninitializedCapacity: self.longBytes) { room in
            let bytes = UnsafeMutableRawBufferPointer(room)
            var count = 0
            while count + 8 <= self.longBytes {
                unsafe bytes.storeBytes(of: self.characters(word()), toByteOffset: count, as: UInt64.self)
                count += 8
            }
            let last = UInt32(truncatingIfNeeded: self.characters(word()))
            unsafe bytes.storeBytes(of: last, toByteOffset: count, as: UInt32.self)
            return self.longBytes
        }
        return RequestID(text)
    }

    private static let longBytes = 52

    /// Eight characters for forty bits: the bits are spread to five in each byte; digits become `0`–`9`, and letters
    /// get the distance between `9` and `A` added.
    private static func characters(_ word: UInt64) -> UInt64 {
        var bits = word & 0xFF_FFFF_FFFF
        bits = bits & 0xF_FFFF | (bits & 0xFF_FFF0_0000) << 12
        bits = bits & 0x0000_03FF_0000_03FF | (bits & 0x000F_FC00_000F_FC00) << 6
        bits = bits & 0x001F_001F_001F_001F | (bits & 0x03E0_03E0_03E0_03E0) << 3
        let isLetter = (bits &+ 0x7676_7676_7676_7676) >> 7 & 0x0101_0101_0101_0101
        return bits &+ 0x3030_3030_3030_3030 &+ isLetter &* 7
    }

    /// The form of most services: a version-4 UUID in lower case.
    package static func uuid(_ random: some RandomSource) -> RequestID {
        var bytes = random.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            Hex.append(CollectionOfOne(byte), to: &text)
        }
        return RequestID(String(decoding: text, as: UTF8.self))
    }
}
