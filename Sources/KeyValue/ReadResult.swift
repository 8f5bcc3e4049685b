package import Primitives

/// What a read may see.
package enum ReadMode: Hashable, Sendable {
    /// Durable state only: what may be shown to a client.
    case forAnswer
    /// Also commits that are accepted and not yet durable, so that a hot key does not wait for the disk. Whatever is
    /// told to a client because of such a read must first pass through `commit` (of checks only, if nothing is to be
    /// written), which waits until the state it rests on is durable.
    case forDecision
}

/// A stored value with the commit that wrote it.
package struct Versioned: Hashable, Sendable {
    package let value: [UInt8]
    package let version: CommitVersion
    /// When it was committed.
    package let time: Timestamp
    /// The commit that first wrote it elsewhere, for a replicated record.
    package let stamp: ReplicationStamp?

    package init(value: [UInt8], version: CommitVersion, time: Timestamp, stamp: ReplicationStamp? = nil) {
        self.value = value
        self.version = version
        self.time = time
        self.stamp = stamp
    }
}

/// When a replicated record was first written: the later time wins, and of two in one millisecond the later commit.
///
/// The commit is of this store, where no two have one version, so that of two writes one is always the later. A store's
/// own write is later than everything that it could have read.
package struct ReplicationStamp: Hashable, Comparable, Sendable {
    package let time: Timestamp
    package let version: CommitVersion

    package init(time: Timestamp, version: CommitVersion) {
        self.time = time
        self.version = version
    }

    package static func < (left: ReplicationStamp, right: ReplicationStamp) -> Bool {
        (left.time, left.version) < (right.time, right.version)
    }
}

extension Versioned {
    /// When its value was first written: elsewhere for a replicated record, else here.
    package var writeStamp: ReplicationStamp {
        self.stamp ?? ReplicationStamp(time: self.time, version: self.version)
    }
}

/// The answer of `get`: one element for each key, in the order of the keys, all as of one moment.
package struct ReadResult: Sendable {
    package let values: [Versioned?]
    /// Every commit up to this version is in the answer: give it to `Batch.readAsOf`, and checks are nearly free.
    package let asOf: CommitVersion
    /// The newest version in the answer that is not known to be durable; nil when the answer may be told at once.
    package let undurable: CommitVersion?

    package init(values: [Versioned?], asOf: CommitVersion, undurable: CommitVersion? = nil) {
        self.values = values
        self.asOf = asOf
        self.undurable = undurable
    }

    /// The value of the key at `index`; nil when it is absent.
    package subscript(index: Int) -> Versioned? {
        self.values[index]
    }
}
