package import Primitives

/// Which commits a read sees.
package enum ReadMode: Hashable, Sendable {
    /// Only durable commits: the result may be shown to a client.
    case forAnswer
    /// Also commits that are accepted but not yet durable, so that a hot key does not wait for the disk. Before
    /// anything based on such a read is told to a client, it must pass through `commit` (of checks only, if there is
    /// nothing to write), which waits until the state that it rests on is durable.
    case forDecision
}

/// A stored value with the version and time of the commit that wrote it.
package struct Versioned: Hashable, Sendable {
    package let value: [UInt8]
    package let version: CommitVersion
    /// When it was committed.
    package let time: Timestamp
    /// For a replicated record, the original commit in the other region; else nil.
    package let stamp: ReplicationStamp?

    package init(value: [UInt8], version: CommitVersion, time: Timestamp, stamp: ReplicationStamp? = nil) {
        self.value = value
        self.version = version
        self.time = time
        self.stamp = stamp
    }
}

/// Orders concurrent writes of replicas (last writer wins): by time, and within one millisecond by commit version.
///
/// The version is of this store, where versions are unique, so of two writes one is always later. A store's own write
/// is later than everything that it could have read.
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
    /// When the value was originally written: in the other region for a replicated record, else here.
    package var writeStamp: ReplicationStamp {
        self.stamp ?? ReplicationStamp(time: self.time, version: self.version)
    }
}

/// The result of `get`: one element for each key, in the order of the keys, all from one snapshot.
package struct ReadResult: Sendable {
    package let values: [Versioned?]
    /// The result reflects every commit up to this version. Pass it as `Batch.readAsOf`, which makes checks nearly
    /// free.
    package let asOf: CommitVersion
    /// The newest version in the result that is not known to be durable; nil when the result may be told to a client at
    /// once.
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
