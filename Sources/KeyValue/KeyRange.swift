#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Key order: unsigned bytes compared lexicographically, a prefix before its extensions.
package enum KeyOrder {
    /// - Returns: below 0, 0 or above 0, as `memcmp`.
    package static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let sharedCount = min(left.count, right.count)
        let order = unsafe left.withUnsafeBytes { leftBytes in
            unsafe right.withUnsafeBytes { rightBytes -> Int in
                guard let leftBase = leftBytes.baseAddress, let rightBase = rightBytes.baseAddress else { return 0 }
                return unsafe Int(memcmp(leftBase, rightBase, sharedCount))
            }
        }
        return order != 0 ? order : left.count - right.count
    }
}

/// Keys from `start` up to, and not including, `end`.
package struct KeyRange: Equatable, Sendable {
    package let start: [UInt8]
    /// nil: no upper end.
    package let end: [UInt8]?

    package init(start: [UInt8], end: [UInt8]?) {
        self.start = start
        self.end = end
    }

    /// Every key that begins with `prefix`.
    package init(prefix: [UInt8]) {
        self.init(start: prefix, end: KeyRange.successor(ofPrefix: prefix))
    }

    /// Every key.
    package static let all = KeyRange(start: [], end: nil)

    package var isEmpty: Bool {
        guard let end = self.end else { return false }
        return KeyOrder.compare(self.start, end) >= 0
    }

    package func contains(_ key: [UInt8]) -> Bool {
        guard KeyOrder.compare(self.start, key) <= 0 else { return false }
        guard let end = self.end else { return true }
        return KeyOrder.compare(key, end) < 0
    }

    /// The rest of the range after a page that ended with `continuation`.
    package func continued(from continuation: [UInt8], reverse: Bool) -> KeyRange {
        reverse ? KeyRange(start: self.start, end: continuation) : KeyRange(start: continuation, end: self.end)
    }

    /// The first key after every key that begins with `prefix`; nil when there is none (all bytes 0xFF).
    package static func successor(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        guard let index = prefix.lastIndex(where: { $0 != 0xFF }) else { return nil }
        var end = Array(prefix[...index])
        end[index] += 1
        return end
    }
}
