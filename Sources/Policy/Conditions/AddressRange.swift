internal import Primitives

/// An IPv4 or IPv6 address, or a range of them in CIDR notation.
struct AddressRange: Sendable, Equatable {
    /// 4 or 16 bytes.
    private let address: [UInt8]
    private let prefixBits: Int

    /// - Returns: nil when the text is not a range; a bare address is a range of one.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = Self.bytes(parts[0]) else { return nil }
        self.address = address
        let bits = address.count * 8
        guard parts.count == 2 else {
            self.prefixBits = bits
            return
        }
        guard parts[1].utf8.allSatisfy(ASCII.isDigit), let prefix = Int(parts[1]), (0...bits).contains(prefix) else {
            return nil
        }
        self.prefixBits = prefix
    }

    func contains(_ text: String) -> Bool {
        guard let other = Self.bytes(Substring(text)), other.count == self.address.count else { return false }
        for index in 0..<self.address.count {
            let bits = min(8, max(0, self.prefixBits - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            if self.address[index] & mask != other[index] & mask { return false }
        }
        return true
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        text.contains(":") ? self.version6(text) : self.version4(text)
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(ASCII.isDigit), let byte = UInt8(part) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    /// Eight groups of hexadecimal digits; `::` may stand once for the missing zeros, and the last two may be an IPv4
    /// address.
    private static func version6(_ text: Substring) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let bytes = self.groups(text)
            return bytes?.count == 16 ? bytes : nil
        }
        guard let head = self.groups(text[..<gap.lowerBound]), let tail = self.groups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count <= 8 else { return nil }
        for (index, group) in groups.enumerated() {
            if index == groups.count - 1, group.contains("."), let last = self.version4(group) {
                bytes += last
                continue
            }
            guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy({ ASCII.hexValue($0) != nil }),
                let value = UInt16(group, radix: 16)
            else { return nil }
            bytes += [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
        }
        return bytes
    }
}
