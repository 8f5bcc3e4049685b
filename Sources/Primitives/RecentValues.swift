/// Values that were asked for lately, within a bound.
///
/// Two generations: when the young one is full it becomes the old one, and what is used there moves back. Nothing is
/// counted on the way, and what is not asked for is gone after as many new values as half the bound.
package struct RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline
    var young: [Key: Value] = [:]
    @usableFromInline
    var old: [Key: Value] = [:]
    @usableFromInline
    let generationCountMax: Int

    /// - Parameter countMax: values held at most, two at least.
    @inlinable
    package init(countMax: Int) {
        precondition(countMax >= 2, "two generations hold a value each at least")
        self.generationCountMax = countMax / 2
    }

    /// Values held now.
    @inlinable
    package var count: Int { self.young.count + self.old.count }

    /// The value of a key; nil where none is held.
    @inlinable
    package mutating func value(for key: Key) -> Value? {
        if let held = self.young[key] { return held }
        guard let held = self.old[key] else { return nil }
        self.insert(held, for: key)
        return held
    }

    @inlinable
    package mutating func insert(_ value: Value, for key: Key) {
        if self.young.count >= self.generationCountMax, self.young[key] == nil {
            self.old = self.young
            self.young = [:]
        }
        self.young[key] = value
        self.old[key] = nil
    }
}
