/// Objects that were asked for lately, by a hash of what they are found by, within a bound.
///
/// Two generations: when the young one is full it becomes the old one, and what is used there moves back. Nothing is
/// counted on the way, and what is not asked for is gone after as many new objects as half the bound.
///
/// Of no type in particular, and by numbers: generic code of another module is not made for its types
/// (docs/decisions.md), and whoever asks compares what he finds anyway.
package struct RecentObjects: Sendable {
    private var young: [Int: any AnyObject & Sendable] = [:]
    private var old: [Int: any AnyObject & Sendable] = [:]
    private let generationCountMax: Int

    /// Objects held at most, two at least.
    package init(countMax: Int) {
        precondition(countMax >= 2, "two generations hold an object each at least")
        self.generationCountMax = countMax / 2
    }

    /// Objects held now.
    package var count: Int { self.young.count + self.old.count }

    /// The object of a hash, which may be one of something else with the same hash; nil where none is held.
    package mutating func object(for hash: Int) -> (any AnyObject & Sendable)? {
        if let held = self.young[hash] { return held }
        guard let held = self.old[hash] else { return nil }
        self.insert(held, for: hash)
        return held
    }

    package mutating func insert(_ object: any AnyObject & Sendable, for hash: Int) {
        if self.young.count >= self.generationCountMax, self.young[hash] == nil {
            self.old = self.young
            self.young = [:]
        }
        self.young[hash] = object
        self.old[hash] = nil
    }
}
