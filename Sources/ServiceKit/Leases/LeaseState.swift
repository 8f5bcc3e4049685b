internal import KeyValue
internal import Primitives

/// The stored record of a lease.
struct LeaseRecord: Equatable {
    /// The holder's random number; 0 when the lease was released.
    var holder: UInt64
    /// Incremented by each renewal, so that each writes a record with a new version.
    var signs: UInt64

    init(holder: UInt64, signs: UInt64) {
        self.holder = holder
        self.signs = signs
    }

    /// - Returns: nil when the bytes are not a valid record.
    init?(_ bytes: [UInt8]) {
        guard let holder = BigEndian.read(UInt64.self, from: bytes),
            let signs = BigEndian.read(UInt64.self, from: bytes, at: 8)
        else { return nil }
        self.init(holder: holder, signs: signs)
    }

    var encoded: [UInt8] {
        var output: [UInt8] = []
        BigEndian.append(self.holder, to: &output)
        BigEndian.append(self.signs, to: &output)
        return output
    }
}

/// Decides what one process does about a lease next. Touches neither the store nor a clock.
///
/// Clocks of different machines are never compared: a lease is free once this process has seen the same record for the
/// whole time of the lease, by its own clock.
struct LeaseState {
    enum Action: Equatable {
        case wait
        /// Acquire: write a record of its own and a new term.
        case take
        /// Renew: write the record again.
        case renew(signs: UInt64)
    }

    let holder: UInt64
    let milliseconds: Int64
    private var seen: (version: CommitVersion, since: Timestamp)?

    init(holder: UInt64, milliseconds: Int64) {
        self.holder = holder
        self.milliseconds = milliseconds
    }

    mutating func decide(_ found: Versioned?, now: Timestamp) -> Action {
        guard let found, let record = LeaseRecord(found.value), record.holder != 0 else { return .take }
        guard record.holder != self.holder else { return .renew(signs: record.signs + 1) }
        // If the clock was set back, the time that has passed is not known, and counts from now on.
        guard let seen = self.seen, seen.version == found.version, now >= seen.since else {
            self.seen = (found.version, now)
            return .wait
        }
        return now >= seen.since.advanced(byMilliseconds: self.milliseconds) ? .take : .wait
    }
}
