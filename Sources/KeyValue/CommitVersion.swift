package import Primitives

/// The number of a commit: store-wide, growing in commit order, never given out twice.
package struct CommitVersion: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Before every commit.
    package static let zero = CommitVersion(0)

    package static func < (left: CommitVersion, right: CommitVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What a commit came to.
package struct CommitReceipt: Hashable, Sendable {
    /// The version that every record of the batch bears; for a batch without writes, the version as of which its
    /// checks held.
    package let version: CommitVersion
    /// The commit's time; never before that of an earlier version.
    package let time: Timestamp
    /// True when the idempotency token shows that this batch had been done before: nothing was done now, and
    /// `version` and `time` are those of the first time.
    package let isReplay: Bool

    package init(version: CommitVersion, time: Timestamp, isReplay: Bool = false) {
        self.version = version
        self.time = time
        self.isReplay = isReplay
    }
}
