/// The keys that were counted most, in bounded memory.
///
/// While there are at most `countMax` keys each is counted exactly. Beyond, a new key takes the place of the least one
/// and its count, so that no key that makes up more than 1/`countMax` of all is ever missed, and none is told too low.
/// - Source: Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams".
struct SpaceSaving<Key: Hashable & Sendable>: Sendable {
    /// Four times what AWS shows of a rule.
    static var countMax: Int { 100 }

    private var counts: [Key: Double] = [:]

    /// - Complexity: O(1) for a key that is there, O(`countMax`) for one that takes another's place.
    mutating func add(_ key: Key, _ amount: Double) {
        if let count = self.counts[key] {
            self.counts[key] = count + amount
            return
        }
        var start = 0.0
        if self.counts.count >= Self.countMax, let least = self.counts.min(by: { $0.value < $1.value }) {
            self.counts[least.key] = nil
            start = least.value
        }
        self.counts[key] = start + amount
    }

    var isEmpty: Bool { self.counts.isEmpty }

    /// The largest counts, the largest first.
    func top(_ limit: Int) -> [(key: Key, count: Double)] {
        self.counts.sorted { $0.value > $1.value }.prefix(limit).map { ($0.key, $0.value) }
    }
}
