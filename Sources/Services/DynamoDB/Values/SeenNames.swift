/// Detects a name that is repeated in one map, or an element in one set: for a small one by a list of hashes behind a
/// filter of 128 bits, which takes no memory of its own for the first of them, for a large one by a set of hashes.
///
/// The hash is seeded randomly in each process, so that clients cannot choose names that collide.
struct SeenNames {
    /// Up to this many hashes are compared one by one.
    private static let listedCountMax = 64
    /// Most maps have no more names.
    private static let firstCountMax = 24

    private static let seed = UInt64.random(in: .min ... .max)

    /// A filter with one bit for each of 128 classes of names, which most new names pass without a comparison.
    private var classes: UInt128 = 0
    private var first = InlineArray<24, UInt64>(repeating: 0)
    private var firstCount = 0
    /// All of them, once they are more than the first.
    private var listed: [UInt64] = []
    private var hashes: Set<UInt64> = []
    /// Whether a name was repeated; names with equal hashes count as repeated too.
    private(set) var hasRepetition = false

    mutating func add(_ name: Span<UInt8>) {
        let hash = Self.hash(name)
        let bit = UInt128(1) << UInt128(truncatingIfNeeded: hash & 127)
        let mayBeKnown = self.classes & bit != 0
        self.classes |= bit
        guard self.firstCount < Self.firstCountMax else { return self.addToMany(hash, mayBeKnown) }
        if mayBeKnown {
            for index in 0..<self.firstCount where self.first[index] == hash { self.hasRepetition = true }
        }
        self.first[self.firstCount] = hash
        self.firstCount += 1
    }

    @inline(never)
    private mutating func addToMany(_ hash: UInt64, _ mayBeKnown: Bool) {
        if self.listed.isEmpty {
            self.listed.reserveCapacity(Self.listedCountMax)
            for index in 0..<self.firstCount { self.listed.append(self.first[index]) }
        }
        if self.listed.count < Self.listedCountMax {
            if mayBeKnown, self.listed.contains(hash) { self.hasRepetition = true }
            self.listed.append(hash)
            return
        }
        if self.hashes.isEmpty { self.hashes = Set(self.listed) }
        if !self.hashes.insert(hash).inserted { self.hasRepetition = true }
    }

    /// Folded multiplication of eight bytes at a time; the last eight may overlap the previous ones.
    private static func hash(_ name: Span<UInt8>) -> UInt64 {
        unsafe name.withUnsafeBytes { bytes in
            var hash = self.seed ^ UInt64(truncatingIfNeeded: bytes.count)
            guard bytes.count >= 8 else { return unsafe self.mixed(hash, self.shortWord(bytes)) }
            var offset = 0
            while offset < bytes.count - 8 {
                hash = unsafe self.mixed(hash, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            return unsafe self.mixed(hash, bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self))
        }
    }

    @inline(__always)
    private static func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low ^ self.seed
    }

    /// Fewer than eight bytes as one word; distinct names of the same length give distinct words.
    @inline(__always)
    private static func shortWord(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        if bytes.count >= 4 {
            let first = unsafe UInt64(bytes.loadUnaligned(as: UInt32.self))
            return unsafe first | UInt64(bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self)) << 32
        }
        var word: UInt64 = 0
        for index in 0..<bytes.count { word = unsafe word << 8 | UInt64(bytes[index]) }
        return word
    }
}

extension StoredItemBuilder {
    /// Removes each entry of the map just read whose name occurs again later.
    ///
    /// - Complexity: O(bytes of the map), however many names are repeated.
    mutating func removeRepeatedEntries(_ place: inout Place) {
        let bodyStart = place.offset + place.headerBytes
        let body = self.bytes[bodyStart...]
        var entries: [(name: ArraySlice<UInt8>, range: Range<Int>)] = []
        var lastIndex: [ArraySlice<UInt8>: Int] = [:]
        var offset = bodyStart
        while entries.count < Int(place.count),
            let nameCount = StoredBytes.nameLength(self.bytes, at: offset, body.endIndex),
            let value = StoredValue(self.bytes, at: offset + 2 + nameCount, end: body.endIndex)
        {
            let name = self.bytes[(offset + 2)..<(offset + 2 + nameCount)]
            lastIndex[name] = entries.count
            entries.append((name, offset..<value.range.upperBound))
            offset = value.range.upperBound
        }
        var kept: [UInt8] = []
        kept.reserveCapacity(body.count)
        for (index, entry) in entries.enumerated() where lastIndex[entry.name] == index {
            kept += body[entry.range]
        }
        place.count = UInt32(lastIndex.count)
        self.removeLast(from: bodyStart)
        self.append(kept)
    }
}
