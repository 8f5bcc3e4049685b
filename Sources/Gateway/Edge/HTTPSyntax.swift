internal import Primitives

/// The byte classes of RFC 9110 and 9112 that decide what may stand in a message.
enum HTTPSyntax {
    /// `!#$%&'*+-.^_`|~`, digits and letters, as one bit per ASCII code.
    private static let tokenBits: (low: UInt64, high: UInt64) = (
        low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE
    )

    /// RFC 9110's `tchar`: what a method or a field name is made of.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        if byte < 64 { return (self.tokenBits.low &>> UInt64(byte)) & 1 == 1 }
        if byte < 128 { return (self.tokenBits.high &>> UInt64(byte)) & 1 == 1 }
        return false
    }

    /// What a field value is made of: visible ASCII, space, tab, and bytes of UTF-8 sequences.
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == 0x09
    }

    /// What a request target is made of: visible ASCII without `#`, since a fragment never travels.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
    }

    /// What `Host` is made of: RFC 3986's `reg-name`, an IP literal, a port. No user information.
    static func isHost(_ byte: UInt8) -> Bool {
        if ASCII.isUnreserved(byte) { return true }
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            return true
        default: return false
        }
    }

    /// Whether a method name may be passed on: a token without lower-case letters, of bounded length.
    static func isMethod(_ name: some Sequence<UInt8>) -> Bool {
        var count = 0
        for byte in name {
            count += 1
            guard self.isToken(byte), !(byte >= 0x61 && byte <= 0x7A) else { return false }
        }
        return count > 0 && count <= self.methodBytesMax
    }

    /// Longer than any registered method.
    static let methodBytesMax = 32

    static func isHostValue(_ value: String) -> Bool {
        self.isHostValue(value.utf8.span)
    }

    static func isHostValue(_ bytes: Span<UInt8>) -> Bool {
        // Over the span: a closure over `utf8` is generic code that is not specialised.
        for index in bytes.indices where !self.isHost(bytes[index]) { return false }
        return !bytes.isEmpty
    }

    /// Whether two strings are equal, ASCII case aside.
    static func equal(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
        let left = left.utf8
        let right = right.utf8
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    /// Whether a comma-separated list holds this word.
    static func list(_ value: String, contains word: String) -> Bool {
        value.utf8.split(separator: UInt8(ascii: ",")).contains { element in
            var part = element[...]
            while let byte = part.first, byte == 0x20 || byte == 0x09 { part.removeFirst() }
            while let byte = part.last, byte == 0x20 || byte == 0x09 { part.removeLast() }
            return part.count == word.utf8.count
                && zip(part, word.utf8).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
        }
    }
}
