internal import KeyValue

/// Accepted commits that are not yet durable, by key: what `forDecision` sees before the disk has it.
///
/// The limits of the commit queue bound it too.
struct Overlay {
    /// The newest accepted state of one key.
    struct Entry {
        let version: UInt64
        /// nil: deleted.
        let record: Versioned?
    }

    private var entries: [HashedKey: Entry] = [:]
    private var tokens: [HashedKey: RememberedToken] = [:]

    /// - Returns: nil when no waiting commit touches `key`.
    func entry(_ key: HashedKey) -> Entry? {
        self.entries[key]
    }

    func token(_ key: HashedKey) -> RememberedToken? {
        self.tokens[key]
    }

    mutating func add(_ commit: PreparedCommit, receipt: CommitReceipt) {
        let version = receipt.version.rawValue
        for (write, key) in zip(commit.batch.writes, commit.writeKeys) {
            switch write {
            case .set(_, let value, let stamp):
                let record = Versioned(value: value, version: receipt.version, time: receipt.time, stamp: stamp)
                self.entries[key] = Entry(version: version, record: record)
            case .delete:
                self.entries[key] = Entry(version: version, record: nil)
            }
        }
    }

    mutating func add(token key: HashedKey, _ remembered: RememberedToken) {
        self.tokens[key] = remembered
    }

    /// Removes a commit that became durable.
    mutating func remove(_ commit: PreparedCommit, version: UInt64) {
        for key in commit.writeKeys {
            guard let index = self.entries.index(forKey: key), self.entries[index].value.version == version else {
                continue
            }
            self.entries.remove(at: index)
        }
        if let tokenKey = commit.tokenKey, self.tokens[tokenKey]?.version == version { self.tokens[tokenKey] = nil }
    }

    mutating func removeAll() {
        self = Overlay()
    }
}
