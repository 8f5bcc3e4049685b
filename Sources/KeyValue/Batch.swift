/// The unit of a commit: it happens as a whole, if every check holds, or not at all.
package struct Batch: Sendable {
    package var checks: [Check]
    /// Applied in order: of two writes to one key, the later one wins.
    package var writes: [Write]
    /// Appended to change logs, in order, under the batch's version.
    package var logAppends: [LogAppend]
    // Not `?`: a variable that begins as nil costs a copy of the batch when it is made (docs/decisions.md).
    // swift-format-ignore: UseShorthandTypeNames
    package var token: Optional<IdempotencyToken>
    /// `ReadResult.asOf` or `Page.asOf` of the read that every version in `checks` comes from (the oldest, where there
    /// were several). With it a check needs no second read unless something near its key changed; without it, each
    /// check reads. Giving a version that the checks were not read at breaks serialisability.
    // swift-format-ignore: UseShorthandTypeNames
    package var readAsOf: Optional<CommitVersion>

    package init(
        checks: [Check] = [],
        writes: [Write] = [],
        logAppends: [LogAppend] = [],
        token: IdempotencyToken? = nil,
        readAsOf: CommitVersion? = nil
    ) {
        self.checks = checks
        self.writes = writes
        self.logAppends = logAppends
        self.token = token
        self.readAsOf = readAsOf
    }

    /// Whether the commit writes nothing and only waits until the state that its checks rest on is durable.
    package var isChecksOnly: Bool {
        self.writes.isEmpty && self.logAppends.isEmpty && self.token == nil
    }
}

/// A condition that must hold at the moment of the commit.
package enum Check: Equatable, Sendable {
    /// The key has this version; nil: the key is absent.
    case unchanged(_ key: [UInt8], since: CommitVersion?)
    /// Nothing in the range was set or deleted after `since`, when it held `count` entries. Take `since` from
    /// `Page.asOf` and `count` from the number of entries of a scan over the whole range.
    case rangeUnchanged(_ range: KeyRange, since: CommitVersion, count: Int)

    /// The key does not exist.
    package static func absent(_ key: [UInt8]) -> Check {
        .unchanged(key, since: nil)
    }
}

/// One change of a commit.
package enum Write: Equatable, Sendable {
    case set(_ key: [UInt8], _ value: [UInt8], stamp: ReplicationStamp? = nil)
    case delete(_ key: [UInt8])

    /// The key that changes.
    package var key: [UInt8] {
        switch self {
        case .set(let key, _, _): key
        case .delete(let key): key
        }
    }
}

/// Makes a commit that is sent twice happen only once, for as long as the store remembers the token.
package struct IdempotencyToken: Equatable, Sendable {
    /// Unique within the store; at most `StoreLimits.keyBytesMax` bytes.
    package let id: [UInt8]
    /// Identifies what the commit does, such as a hash of the request. The same `id` with another fingerprint is
    /// refused with `tokenMismatch`. At most `IdempotencyToken.fingerprintBytesMax` bytes.
    package let fingerprint: [UInt8]
    /// The minimum time for which the store remembers the token; it forgets it soon after.
    package let rememberedMilliseconds: Int64

    /// Bytes; enough for any common hash.
    package static let fingerprintBytesMax = 64
    /// 10 minutes, as AWS's `ClientRequestToken` of TransactWriteItems.
    package static let rememberedMillisecondsDefault: Int64 = 600_000

    package init(
        id: [UInt8],
        fingerprint: [UInt8],
        rememberedMilliseconds: Int64 = IdempotencyToken.rememberedMillisecondsDefault
    ) {
        self.id = id
        self.fingerprint = fingerprint
        self.rememberedMilliseconds = rememberedMilliseconds
    }
}
