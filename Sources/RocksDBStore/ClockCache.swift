/// A cache of recently used values, bounded in bytes.
///
/// Second-chance replacement (CLOCK): when room is needed, a hand moves over the slots, spares once those that were
/// found since its last visit, and removes the others. A hit reorders nothing, so it costs one lookup.
struct ClockCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Slot {
        let key: Key
        var value: Value
        var bytes: Int
        /// Whether it was found since the hand's last visit.
        var isUsed = false
    }

    private let bytesMax: Int
    private var indexes: [Key: Int] = [:]
    private var slots: [Slot] = []
    private var bytes = 0
    /// The slot that the hand looks at next.
    private var hand = 0

    /// Values of more than the bound divided by this are not kept: they would evict too many others.
    static var shareMax: Int { 16 }

    /// `bytesMax` bounds the sum of the sizes that callers give for the values; 0 keeps nothing.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { self.slots.isEmpty }

    mutating func find(_ key: Key) -> Value? {
        guard let index = self.indexes[key] else { return nil }
        self.slots[index].isUsed = true
        return self.slots[index].value
    }

    /// The slot of a key's value; valid until the next insertion or removal.
    func index(of key: Key) -> Int? {
        self.indexes[key]
    }

    subscript(index: Int) -> Value {
        self.slots[index].value
    }

    mutating func insert(_ key: Key, _ value: Value, bytes: Int) {
        guard bytes <= self.bytesMax / Self.shareMax else { return }
        if let index = self.indexes[key] { return self.replace(at: index, value, bytes: bytes) }
        self.indexes[key] = self.slots.count
        self.slots.append(Slot(key: key, value: value, bytes: bytes))
        self.bytes += bytes
        self.makeRoom()
    }

    mutating func replace(at index: Int, _ value: Value, bytes: Int) {
        self.bytes += bytes - self.slots[index].bytes
        self.slots[index].value = value
        self.slots[index].bytes = bytes
        self.makeRoom()
    }

    mutating func remove(at index: Int) {
        let removed = self.slots[index]
        self.indexes[removed.key] = nil
        self.bytes -= removed.bytes
        let last = self.slots.removeLast()
        guard index < self.slots.count else { return }
        self.slots[index] = last
        self.indexes[last.key] = index
    }

    private mutating func makeRoom() {
        while self.bytes > self.bytesMax, !self.slots.isEmpty {
            if self.hand >= self.slots.count { self.hand = 0 }
            if self.slots[self.hand].isUsed {
                self.slots[self.hand].isUsed = false
                self.hand += 1
            } else {
                self.remove(at: self.hand)
            }
        }
    }
}
