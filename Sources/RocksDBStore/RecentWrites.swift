internal import KeyValue

/// The keys of the latest commits, so that a range check need not read its range again after every unrelated commit.
struct RecentWrites {
    static let commitCountMax = 1024
    static let keyCountMax = 16_384

    private var commits: [(version: UInt64, keys: [HashedKey])] = []
    /// Commits before this index are no longer remembered.
    private var head = 0
    private var keyCount = 0
    /// Every commit after this version is remembered.
    private(set) var coveredAfter: UInt64

    init(coveredAfter version: UInt64) {
        self.coveredAfter = version
    }

    mutating func add(_ keys: [HashedKey], version: UInt64) {
        guard !keys.isEmpty else { return }
        self.commits.append((version, keys))
        self.keyCount += keys.count
        while self.commits.count - self.head > Self.commitCountMax || self.keyCount > Self.keyCountMax {
            self.coveredAfter = self.commits[self.head].version
            self.keyCount -= self.commits[self.head].keys.count
            self.commits[self.head].keys = []
            self.head += 1
        }
        if self.head > Self.commitCountMax {
            self.commits.removeSubrange(..<self.head)
            self.head = 0
        }
    }

    /// - Returns: whether a commit after `version` wrote into `range`; nil when that is no longer known.
    func touched(_ range: KeyRange, after version: UInt64) -> Bool? {
        guard version >= self.coveredAfter else { return nil }
        for commit in self.commits[self.head...].reversed() {
            guard commit.version > version else { return false }
            if commit.keys.contains(where: { range.contains($0.bytes) }) { return true }
        }
        return false
    }
}
