package import Primitives

/// The number of one change log; the catalogue gives them out and never reuses one.
package struct LogID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// A record that a commit adds to a change log.
package struct LogAppend: Hashable, Sendable {
    package let log: LogID
    package let payload: [UInt8]

    package init(log: LogID, payload: [UInt8]) {
        self.log = log
        self.payload = payload
    }
}

/// Where an entry stands in its log: by commit, then by order within the commit.
package struct LogPosition: Hashable, Comparable, Sendable {
    package let version: CommitVersion
    /// 0-based, counted over all appends of the commit.
    package let index: UInt32

    package init(version: CommitVersion, index: UInt32) {
        self.version = version
        self.index = index
    }

    /// After every entry of the commit `version`.
    package static func end(of version: CommitVersion) -> LogPosition {
        LogPosition(version: version, index: .max)
    }

    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        (left.version, left.index) < (right.version, right.index)
    }
}

/// A change as it was logged.
package struct LogEntry: Hashable, Sendable {
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

/// A piece of a change log.
package struct LogPage: Hashable, Sendable {
    package let entries: [LogEntry]
    /// Whether entries at or below the watermark follow; else read again when something was committed.
    package let hasMore: Bool
    /// Every entry of the log up to this version exists already: nothing will appear before it later.
    package let watermark: CommitVersion

    package init(entries: [LogEntry], hasMore: Bool, watermark: CommitVersion) {
        self.entries = entries
        self.hasMore = hasMore
        self.watermark = watermark
    }
}
