/// What was asked for lately, within a bound of bytes.
///
/// Second chance: a hand goes round when room is needed, spares once what was found since it came by, and removes the
/// rest. Nothing is put in order on the way, so a find costs one look-up.
struct ClockCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Slot {
        let key: Key
        var value: Value
        var bytes: Int
        /// Whether it was found since the hand came by.
        var isUsed = false
    }

    private let bytesMax: Int
    private var indexes: [Key: Int] = [:]
    private var slots: [Slot] = []
    private var bytes = 0
    /// The slot that is looked at next when room is needed.
    private var hand = 0

    /// A value over this share of the bound is not kept: it would push out too many others.
    static var shareMax: Int { 16 }

    /// `bytesMax` bounds the sum of what the callers say that each value takes; 0: nothing is kept.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { self.slots.isEmpty }

    mutating func find(_ key: Key) -> Value? {
        guard let index = self.indexes[key] else { return nil }
        self.slots[index].isUsed = true
        return self.slots[index].value
    }

    /// Where the value of a key stands, until the next one is kept or removed.
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
