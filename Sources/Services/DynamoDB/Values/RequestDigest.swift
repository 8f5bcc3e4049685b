internal import Crypto
internal import Primitives

/// A hash of a request's content: equal for requests with the same meaning.
///
/// Maps and sets are hashed without regard to order, because clients write them in arbitrary order.
///
/// SDKs give each transaction its own token, so nearly every transaction is hashed: over the stored form of its values,
/// in which each number has a single spelling, without building a tree or a text.
package struct RequestDigest {
    private var hash = SHA256()
    /// A buffer of bytes not yet hashed, so that the hash is not updated for each part.
    private var waiting: [UInt8] = []

    /// The buffer is hashed when it exceeds this size.
    private static let waitingBytesMax = 16 << 10

    package init() {
        self.waiting.reserveCapacity(1024)
    }

    /// SHA-256 of everything that was added.
    package var bytes: [UInt8] {
        var hash = self.hash
        hash.update(data: self.waiting)
        return Array(hash.finalize())
    }

    /// nil and an empty text are different.
    package mutating func add(_ text: String?) {
        guard let text else { return self.add(count: .max) }
        let bytes = text.utf8.span
        self.add(count: UInt64(bytes.count))
        self.append(bytes, 0..<bytes.count)
    }

    package mutating func add(_ names: [String: String]?) {
        guard let names else { return self.add(nil as String?) }
        self.add(count: UInt64(names.count))
        for (name, value) in names.sorted(by: { $0.key < $1.key }) {
            self.add(name)
            self.add(value)
        }
    }

    package mutating func add(_ map: AttributeMap?) {
        guard let map else { return self.add(nil as String?) }
        let bytes = map.storage
        self.addEntries(bytes.span, at: map.bodyStart, map.range.upperBound)
    }

    /// A length precedes each part, so that no two sequences of parts are encoded alike.
    private mutating func add(count: UInt64) {
        self.waiting.append(bytesMax: 8) { $0.append(long: count.byteSwapped) }
    }

    private mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self.waiting.append(bytesMax: range.count) { $0.append(bytes.extracting(range)) }
        guard self.waiting.count > Self.waitingBytesMax else { return }
        self.hash.update(data: self.waiting)
        self.waiting.removeAll(keepingCapacity: true)
    }

    // Stored values

    /// The entries of a map's body, sorted by name.
    private mutating func addEntries(_ bytes: Span<UInt8>, at start: Int, _ limit: Int) {
        let count = StoredWalk.length(bytes, at: start, limit) ?? 0
        self.add(count: UInt64(count))
        var places: [StoredWalk.Place] = []
        places.reserveCapacity(count)
        var offset = start + 4
        for _ in 0..<count {
            guard let place = StoredWalk.entry(bytes, at: offset, limit) else { break }
            places.append(place)
            offset = place.valueEnd
        }
        places.sort { Self.precedes(bytes, $0.name, $1.name) }
        for place in places {
            // Includes the name's length.
            self.append(bytes, place.range.lowerBound..<place.valueStart)
            self.addValue(bytes, at: place.valueStart, place.valueEnd)
        }
    }

    /// A value including its type byte.
    private mutating func addValue(_ bytes: Span<UInt8>, at start: Int, _ end: Int) {
        switch AttributeType(storedByte: bytes[start]) {
        case .s, .n, .b, .bool, .null, nil:
            self.append(bytes, start..<end)
        case .m:
            self.append(bytes, start..<(start + 1))
            self.addEntries(bytes, at: start + 5, end)
        case .l:
            // Includes the list's length and its count.
            self.append(bytes, start..<(start + 9))
            var offset = start + 9
            while let valueEnd = StoredWalk.valueEnd(bytes, at: offset, end) {
                self.addValue(bytes, at: offset, valueEnd)
                offset = valueEnd
            }
        case .ss, .ns, .bs:
            self.append(bytes, start..<(start + 9))
            self.addMembers(bytes, at: start + 9, end)
        }
    }

    /// The members of a set, sorted by their bytes.
    private mutating func addMembers(_ bytes: Span<UInt8>, at start: Int, _ end: Int) {
        var members: [Range<Int>] = []
        var offset = start
        while let length = StoredWalk.length(bytes, at: offset, end), length <= end - offset - 4 {
            members.append((offset + 4)..<(offset + 4 + length))
            offset += 4 + length
        }
        members.sort { Self.precedes(bytes, $0, $1) }
        for member in members {
            self.add(count: UInt64(member.count))
            self.append(bytes, member)
        }
    }

    private static func precedes(_ bytes: Span<UInt8>, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        let (left, right) = (bytes.extracting(left), bytes.extracting(right))
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index]
        }
        return left.count < right.count
    }
}
