/// The id that a response carries and every log line of the request repeats.
package struct RequestID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) {
        self.description = text
    }

    private static let alphabet: [UInt8] = Array("0123456789ABCDEFGHIJKLMNOPQRSTUV".utf8)

    /// DynamoDB's form: 52 characters of `0`–`9` and `A`–`V` (260 bits).
    package static func long(_ random: some RandomSource) -> RequestID {
        // Into the string's own room: every request has an id.
        let text = unsafe String(unsafeUninitializedCapacity: 52) { room in
            let alphabet = self.alphabet.span
            var count = 0
            while count < 52 {
                var word = random.next()
                for _ in 0..<min(12, 52 - count) {
                    unsafe room.initializeElement(at: count, to: alphabet[Int(word & 31)])
                    word >>= 5
                    count += 1
                }
            }
            return count
        }
        return RequestID(text)
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
