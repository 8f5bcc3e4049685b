internal import KeyValue
internal import Primitives

/// The column families. Each has its own tables on disk; all share one log, so that a commit over several is atomic.
enum Family: Int, CaseIterable {
    /// key of the service → record (`RecordCodec`)
    case items
    /// change logs, apart because they are written in order and trimmed from the front
    case log
    /// idempotency tokens, apart because they live for minutes
    case tokens
    /// the store's own numbers
    case meta

    var name: String {
        switch self {
        case .items: "default"
        case .log: "log"
        case .tokens: "tokens"
        case .meta: "meta"
        }
    }
}

/// The layout of everything that is not an item. Numbers are big-endian.
///
///     log     log 8 | version 8 | index 4                → commit time 8 | payload
///     tokens  0x00 | id                                  → version 8 | time 8 | expires 8 | fingerprint
///             0x01 | expires 8 | id                      → (empty), for the sweep
///     meta    "commit"                                   → last version 8 | its time 8
enum StoreLayout {
    static let lastCommitKey = Array("commit".utf8)

    static func logKey(_ log: LogID, _ position: LogPosition) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(20)
        BigEndian.append(log.rawValue, to: &key)
        BigEndian.append(position.version.rawValue, to: &key)
        BigEndian.append(position.index, to: &key)
        return key
    }

    static func logValue(time: Timestamp, payload: [UInt8]) -> [UInt8] {
        var value: [UInt8] = []
        value.reserveCapacity(8 + payload.count)
        BigEndian.append(UInt64(bitPattern: time.millisecondsSinceEpoch), to: &value)
        value.append(contentsOf: payload)
        return value
    }

    static func logEntry(key: [UInt8], value: [UInt8]) throws(EngineFailure) -> LogEntry {
        guard let version = BigEndian.read(UInt64.self, from: key, at: 8),
            let index = BigEndian.read(UInt32.self, from: key, at: 16),
            let time = BigEndian.read(UInt64.self, from: value)
        else { throw .corrupt("an entry of the change log is too short") }
        return LogEntry(
            position: LogPosition(version: CommitVersion(version), index: index),
            time: Timestamp(millisecondsSinceEpoch: Int64(bitPattern: time)),
            payload: Array(value[8...])
        )
    }

    static func tokenKey(_ id: [UInt8]) -> [UInt8] { [0] + id }

    static func tokenExpiryKey(_ expires: Timestamp, _ id: [UInt8]) -> [UInt8] {
        Self.tokenExpiryStart(expires) + id
    }

    /// The key before those of all tokens that expire at `expires` or later.
    static func tokenExpiryStart(_ expires: Timestamp) -> [UInt8] {
        var key: [UInt8] = [1]
        BigEndian.append(UInt64(bitPattern: expires.millisecondsSinceEpoch), to: &key)
        return key
    }

    static func lastCommitValue(version: UInt64, time: Timestamp) -> [UInt8] {
        var value: [UInt8] = []
        BigEndian.append(version, to: &value)
        BigEndian.append(UInt64(bitPattern: time.millisecondsSinceEpoch), to: &value)
        return value
    }
}

/// A used token, with the result of its commit.
struct RememberedToken: Sendable {
    let fingerprint: [UInt8]
    let version: UInt64
    let time: Timestamp
    let expires: Timestamp

    init(fingerprint: [UInt8], version: UInt64, time: Timestamp, expires: Timestamp) {
        self.fingerprint = fingerprint
        self.version = version
        self.time = time
        self.expires = expires
    }

    init(stored value: [UInt8]) throws(EngineFailure) {
        guard let version = BigEndian.read(UInt64.self, from: value),
            let time = BigEndian.read(UInt64.self, from: value, at: 8),
            let expires = BigEndian.read(UInt64.self, from: value, at: 16)
        else { throw .corrupt("an idempotency token's record is too short") }
        self.version = version
        self.time = Timestamp(millisecondsSinceEpoch: Int64(bitPattern: time))
        self.expires = Timestamp(millisecondsSinceEpoch: Int64(bitPattern: expires))
        self.fingerprint = Array(value[24...])
    }

    var stored: [UInt8] {
        var value = StoreLayout.lastCommitValue(version: self.version, time: self.time)
        BigEndian.append(UInt64(bitPattern: self.expires.millisecondsSinceEpoch), to: &value)
        return value + self.fingerprint
    }
}
