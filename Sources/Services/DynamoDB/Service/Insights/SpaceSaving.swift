/// The most frequent keys, in bounded memory.
///
/// Up to `countMax` keys are counted exactly. Beyond that, a new key replaces the least frequent one and inherits its
/// count, so that no key with more than 1/`countMax` of the total is ever missed, and no count is too low.
/// - Source: Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams".
struct SpaceSaving<Key: Hashable & Sendable>: Sendable {
    /// Four times what AWS shows of a rule.
    static var countMax: Int { 100 }

    private var counts: [Key: Double] = [:]

    /// - Complexity: O(1) for a known key, O(`countMax`) for one that replaces another.
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

    /// The highest counts, in descending order.
    func top(_ limit: Int) -> [(key: Key, count: Double)] {
        self.counts.sorted { $0.value > $1.value }.prefix(limit).map { ($0.key, $0.value) }
    }
}
