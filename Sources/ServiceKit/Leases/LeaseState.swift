internal import KeyValue
internal import Primitives

/// What stands in the store about a lease.
struct LeaseRecord: Hashable {
    /// Who has it, by a random number; 0 when it was given back.
    var holder: UInt64
    /// Grows with each sign of life, so that the record's version does.
    var signs: UInt64

    init(holder: UInt64, signs: UInt64) {
        self.holder = holder
        self.signs = signs
    }

    /// - Returns: nil when the bytes are no record.
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

/// Decides about a lease what one process does next; it knows neither store nor time.
///
/// Clocks of machines are not compared: a lease is free when this process has seen the same record for the lease's
/// whole time by its own clock.
struct LeaseState {
    enum Action: Hashable {
        case wait
        /// Write a record of one's own and a new term.
        case take
        /// Give a sign of life.
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
        guard let seen = self.seen, seen.version == found.version else {
            self.seen = (found.version, now)
            return .wait
        }
        return now >= seen.since.advanced(byMilliseconds: self.milliseconds) ? .take : .wait
    }
}
