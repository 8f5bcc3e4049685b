#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension StoredValue {
    /// Identifies a value for as long as its item exists.
    package struct Place: Hashable {
        private let item: UInt
        private let offset: Int

        fileprivate init(_ value: StoredValue) {
            self.item = unsafe value.bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
            self.offset = value.range.lowerBound
        }
    }

    package var place: Place { Place(self) }

    /// The value with the entries of its maps and the members of its sets in order: equal values are then the same
    /// bytes.
    /// - Complexity: O(bytes log entries)
    package var sorted: StoredValue {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.range.count)
        self.appendSorted(to: &bytes)
        return StoredValue(bytes, at: 0, end: bytes.count) ?? self
    }

    private func appendSorted(to bytes: inout [UInt8]) {
        guard self.type.isDocument || self.type.isSet else {
            bytes.append(contentsOf: self.stored)
            return
        }
        bytes.append(contentsOf: self.stored.prefix(9))
        if self.type == .l {
            for element in self.elements { element.appendSorted(to: &bytes) }
        } else if self.type == .m {
            for entry in self.entries.sorted(by: { StoredBytes.order($0.name, $1.name) < 0 }) {
                bytes.append(contentsOf: self.bytes[(entry.name.startIndex - 2)..<entry.name.endIndex])
                entry.value.appendSorted(to: &bytes)
            }
        } else {
            for member in self.members.sorted(by: { StoredBytes.order($0, $1) < 0 }) {
                bytes.append(contentsOf: self.bytes[(member.startIndex - 4)..<member.endIndex])
            }
        }
    }

    package func hasSameBytes(as other: StoredValue) -> Bool {
        self.range.count == other.range.count
            && StoredWalk.isSame(
                other.bytes.span, other.range, self.bytes.span, at: self.range.lowerBound)
    }
}

extension AttributeType {
    /// Whether this is a list or a map.
    package var isDocument: Bool { self == .l || self == .m }
}

extension StoredWalk {
    /// Whether the bytes in `range` of `wanted` also stand at an offset, where there are as many.
    @inline(__always)
    static func isSame(
        _ wanted: borrowing Span<UInt8>, _ range: Range<Int>, _ bytes: borrowing Span<UInt8>, at offset: Int
    ) -> Bool {
        let left = wanted.extracting(range)
        let right = bytes.extracting(offset..<(offset + range.count))
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return true }
                return unsafe memcmp(leftBase, rightBase, left.count) == 0
            }
        }
    }

    /// Whether the list in `list` of `bytes` has an element of the same bytes as the value in `range` of `wanted`.
    static func hasElement(
        _ wanted: borrowing Span<UInt8>, _ range: Range<Int>, _ bytes: borrowing Span<UInt8>, _ list: Range<Int>
    ) -> Bool {
        var offset = list.lowerBound + 9
        for _ in 0..<(self.length(bytes, at: list.lowerBound + 5, list.upperBound) ?? 0) {
            guard let end = self.valueEnd(bytes, at: offset, list.upperBound) else { return false }
            if end - offset == range.count, self.isSame(wanted, range, bytes, at: offset) { return true }
            offset = end
        }
        return false
    }

    /// Whether the set in `set` of `bytes` has the content of the text, number or bytes in `range` of `wanted`.
    static func hasMember(
        _ wanted: borrowing Span<UInt8>, _ range: Range<Int>, _ bytes: borrowing Span<UInt8>, _ set: Range<Int>
    ) -> Bool {
        let content = range.dropFirst(5)
        var offset = set.lowerBound + 9
        for _ in 0..<(self.length(bytes, at: set.lowerBound + 5, set.upperBound) ?? 0) {
            guard let length = self.length(bytes, at: offset, set.upperBound), length <= set.upperBound - offset - 4
            else { return false }
            if length == content.count, self.isSame(wanted, content, bytes, at: offset + 4) { return true }
            offset += 4 + length
        }
        return false
    }
}
