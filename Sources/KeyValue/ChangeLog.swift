package import Primitives

/// The id of a change log. The catalogue assigns ids and never reuses one.
package struct LogID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// A record that a commit adds to a change log.
package struct LogAppend: Equatable, Sendable {
    package let log: LogID
    package let payload: [UInt8]

    package init(log: LogID, payload: [UInt8]) {
        self.log = log
        self.payload = payload
    }
}

/// The position of an entry in its log: by commit, then by order within the commit.
package struct LogPosition: Hashable, Comparable, Sendable {
    package let version: CommitVersion
    /// 0-based, over all appends of the commit, whichever log they go to.
    package let index: UInt32

    package init(version: CommitVersion, index: UInt32) {
        self.version = version
        self.index = index
    }

    /// The position after every entry of the commit `version`.
    package static func end(of version: CommitVersion) -> LogPosition {
        LogPosition(version: version, index: .max)
    }

    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        (left.version, left.index) < (right.version, right.index)
    }
}

/// An entry of a change log.
package struct LogEntry: Equatable, Sendable {
    package let position: LogPosition
    /// The commit's time.
    package let time: Timestamp
    package let payload: [UInt8]

    package init(position: LogPosition, time: Timestamp, payload: [UInt8]) {
        self.position = position
        self.time = time
        self.payload = payload
    }
}

/// A page of entries of a change log.
package struct LogPage: Equatable, Sendable {
    package let entries: [LogEntry]
    /// Whether more entries up to the watermark follow; if not, read again after the next commit.
    package let hasMore: Bool
    /// The log is complete up to this version: no entry will appear at or before it later.
    package let watermark: CommitVersion

    package init(entries: [LogEntry], hasMore: Bool, watermark: CommitVersion) {
        self.entries = entries
        self.hasMore = hasMore
        self.watermark = watermark
    }
}
