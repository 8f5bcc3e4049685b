/// A bounded cache of recently used objects, by a hash of their keys.
///
/// Two generations: when the young one is full it replaces the old one, and an object that is used in the old one moves
/// back to the young one. There is no bookkeeping for each use; an object that is not used disappears after at most
/// `countMax` new ones.
///
/// Untyped and keyed by numbers because generic code is not specialised across modules (docs/decisions.md). The caller
/// compares the key of what it finds anyway.
package struct RecentObjects: Sendable {
    private var young: [Int: any AnyObject & Sendable] = [:]
    private var old: [Int: any AnyObject & Sendable] = [:]
    private let generationCountMax: Int

    /// - Parameter countMax: objects held at most; at least two.
    package init(countMax: Int) {
        precondition(countMax >= 2, "each of the two generations holds at least one object")
        self.generationCountMax = countMax / 2
    }

    /// The number of objects held now.
    package var count: Int { self.young.count + self.old.count }

    /// The object stored under a hash, or nil. It may be that of another key with the same hash: compare.
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
