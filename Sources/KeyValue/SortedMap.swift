/// A sorted map for the in-memory store: a list of short sorted chunks.
///
/// An insertion moves at most one chunk's entries; splitting a chunk, which a chunk's worth of insertions pays for,
/// moves the list of chunks. That is fast enough for millions of entries and simpler than a tree.
struct SortedMap {
    /// The position of an entry, or where it would be inserted.
    private struct Place {
        var chunk: Int
        var index: Int
    }

    private static let chunkCountMax = 256

    /// No chunk is empty.
    private var chunks: [[Page.Entry]] = []

    subscript(key: [UInt8]) -> Versioned? {
        guard let place = self.place(of: key) else { return nil }
        return self.chunks[place.chunk][place.index].record
    }

    mutating func set(_ key: [UInt8], _ record: Versioned) {
        let entry = Page.Entry(key: key, record: record)
        if let place = self.place(of: key) {
            self.chunks[place.chunk][place.index] = entry
            return
        }
        guard !self.chunks.isEmpty else {
            self.chunks.append([entry])
            return
        }
        var place = self.lowerBound(key)
        if place.chunk == self.chunks.count {
            place = Place(chunk: self.chunks.count - 1, index: self.chunks[self.chunks.count - 1].count)
        }
        self.chunks[place.chunk].insert(entry, at: place.index)
        guard self.chunks[place.chunk].count > Self.chunkCountMax else { return }
        let half = Self.chunkCountMax / 2
        let upper = Array(self.chunks[place.chunk][half...])
        self.chunks[place.chunk].removeSubrange(half...)
        self.chunks.insert(upper, at: place.chunk + 1)
    }

    mutating func remove(_ key: [UInt8]) {
        guard let place = self.place(of: key) else { return }
        self.chunks[place.chunk].remove(at: place.index)
        if self.chunks[place.chunk].isEmpty { self.chunks.remove(at: place.chunk) }
    }

    mutating func removeAll(in range: KeyRange) {
        var doomed: [[UInt8]] = []
        self.forEach(in: range, reverse: false) { entry in
            doomed.append(entry.key)
            return true
        }
        for key in doomed { self.remove(key) }
    }

    /// Calls `body` for each entry of `range` in order until it returns false.
    func forEach(in range: KeyRange, reverse: Bool, _ body: (Page.Entry) -> Bool) {
        guard !range.isEmpty else { return }
        var place = self.lowerBound(range.start)
        var end = range.end.map(self.lowerBound) ?? Place(chunk: self.chunks.count, index: 0)
        if reverse {
            while end.chunk > place.chunk || (end.chunk == place.chunk && end.index > place.index) {
                if end.index == 0 {
                    end.chunk -= 1
                    end.index = self.chunks[end.chunk].count
                }
                end.index -= 1
                guard body(self.chunks[end.chunk][end.index]) else { return }
            }
        } else {
            while place.chunk < end.chunk || (place.chunk == end.chunk && place.index < end.index) {
                guard body(self.chunks[place.chunk][place.index]) else { return }
                place.index += 1
                if place.index == self.chunks[place.chunk].count { place = Place(chunk: place.chunk + 1, index: 0) }
            }
        }
    }

    private func place(of key: [UInt8]) -> Place? {
        let place = self.lowerBound(key)
        guard place.chunk < self.chunks.count, self.chunks[place.chunk][place.index].key == key else { return nil }
        return place
    }

    /// The first entry whose key is not before `key`; past the last chunk if there is none.
    private func lowerBound(_ key: [UInt8]) -> Place {
        let chunk = Self.firstIndex(below: self.chunks.count) { index in
            KeyOrder.compare(self.chunks[index][self.chunks[index].count - 1].key, key) >= 0
        }
        guard chunk < self.chunks.count else { return Place(chunk: chunk, index: 0) }
        let entries = self.chunks[chunk]
        let index = Self.firstIndex(below: entries.count) { KeyOrder.compare(entries[$0].key, key) >= 0 }
        return Place(chunk: chunk, index: index)
    }

    /// Binary search: the first index for which `holds`, which must be monotonic; `count` if there is none.
    private static func firstIndex(below count: Int, where holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
