package import Primitives

/// The number of a commit: unique in the store, increasing in commit order, never reused.
package struct CommitVersion: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Lower than the version of every commit.
    package static let zero = CommitVersion(0)

    package static func < (left: CommitVersion, right: CommitVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The result of a successful commit.
package struct CommitReceipt: Equatable, Sendable {
    /// The version of every record that the batch wrote; for a batch without writes, the version as of which its checks
    /// held.
    package let version: CommitVersion
    /// The commit's time; never earlier than that of a lower version.
    package let time: Timestamp
    /// Whether the idempotency token identified a repetition: nothing was done now, and `version` and `time` are those
    /// of the original commit.
    package let isReplay: Bool

    package init(version: CommitVersion, time: Timestamp, isReplay: Bool = false) {
        self.version = version
        self.time = time
        self.isReplay = isReplay
    }
}
