extension StoredEntries {
    /// Up to this many names are searched for one by one.
    private static let searchedCountMax = 8

    /// The values of the named entries, nil for each that does not exist.
    /// - Complexity: O(entries + names); values are not parsed.
    package func values(named names: [ArraySlice<UInt8>]) -> [StoredValue?] {
        guard names.count > Self.searchedCountMax else { return names.map(self.value(named:)) }
        // Hundreds of names that are longer than all entries must not be read again for each small item.
        let wanted = names.map { $0.count < self.byteCount ? Name(bytes: $0) : nil }
        let known = Set(wanted.compactMap(\.self))
        guard !known.isEmpty else { return names.map { _ in nil } }
        var found: [Name: StoredValue] = [:]
        for entry in self {
            let name = Name(bytes: entry.name)
            if known.contains(name), found[name] == nil { found[name] = entry.value }
        }
        return wanted.map { name in name.flatMap { found[$0] } }
    }

    /// A name whose bytes are hashed at once, not one by one.
    private struct Name: Hashable {
        let bytes: ArraySlice<UInt8>

        func hash(into hasher: inout Hasher) {
            unsafe self.bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
    }

    /// Whether the same number of others are equal without regard to order.
    ///
    /// Entries in the same order are compared in sequence; from the first difference on they are looked up.
    /// - Complexity: O(bytes)
    func areEqual(to others: StoredEntries) -> Bool {
        var (left, right) = (self, others)
        while true {
            let (leftRest, rightRest) = (left, right)
            guard let entry = left.next() else { return true }
            guard let other = right.next(), other.name == entry.name else {
                return leftRest.areFound(in: rightRest)
            }
            guard entry.value.isEqual(to: other.value) else { return false }
        }
    }

    private func areFound(in others: StoredEntries) -> Bool {
        let entries = Array(self)
        return zip(entries, others.values(named: entries.map(\.name))).allSatisfy { entry, other in
            other.map { entry.value.isEqual(to: $0) } ?? false
        }
    }
}

extension StoredValue {
    /// The elements of a list at the given indices; nil for each index out of range, or when this is not a list.
    /// - Complexity: O(elements + indices); elements are not parsed.
    package func elements(at indices: [Int]) -> [StoredValue?] {
        guard indices.count > 1 else { return indices.map(self.element) }
        let elements = self.elements
        return indices.map { elements.indices.contains($0) ? elements[$0] : nil }
    }
}

extension ArraySlice<UInt8> {
    /// Whether the bytes contain `part` as a contiguous sequence.
    ///
    /// Uses the Knuth-Morris-Pratt algorithm: comparing a part at every position takes long if it nearly matches
    /// everywhere, and is quadratic for a part of hundreds of kilobytes.
    /// - Complexity: O(bytes of both)
    package func contains(part: ArraySlice<UInt8>) -> Bool {
        guard let first = part.first else { return true }
        guard part.count <= self.count, let start = self.firstIndex(of: first) else { return false }
        let borders = part.borders
        let bytes = self.span
        let wanted = part.span
        var matched = 0
        for index in (start - self.startIndex)..<bytes.count {
            while matched > 0, bytes[index] != wanted[matched] { matched = Int(borders[matched - 1]) }
            if bytes[index] == wanted[matched] { matched += 1 }
            if matched == wanted.count { return true }
        }
        return false
    }

    /// For each prefix, the length of its longest proper prefix that is also its suffix.
    private var borders: [UInt32] {
        var borders = [UInt32](repeating: 0, count: self.count)
        var matched = 0
        for index in borders.indices.dropFirst() {
            let byte = self[self.startIndex + index]
            while matched > 0, byte != self[self.startIndex + matched] { matched = Int(borders[matched - 1]) }
            if byte == self[self.startIndex + matched] { matched += 1 }
            borders[index] = UInt32(matched)
        }
        return borders
    }
}
