internal import Inference
package import KeyValue
internal import ServiceModel
internal import WireProtocols

/// A cache of answers to deterministic requests, in the store: an identical request of the same caller to the same
/// model with the same engine is answered without computing.
///
/// Key layout: `bedrock/responses/` and the 32 bytes of the request's fingerprint → a `ModelAnswer` as JSON. The least
/// recently used answers are evicted at the limit; after a start, order of use is the order of writing.
package actor ResponseCache {
    /// Counters for `/metrics`.
    package struct Counts: Sendable, Equatable {
        package var hits = 0
        package var misses = 0
        package var evictions = 0
        package var entries = 0
        package var bytes = 0
    }

    static let prefix = Array("bedrock/responses/".utf8)
    /// The limit on entries, whatever their size: their keys are in memory.
    static let entryCountMax = 100_000
    /// The overhead of an entry besides its record, in the store and in memory, in bytes.
    static let entryBytes = 160
    /// The limit on the size of one answer; longer ones are not cached.
    package static let answerBytesMax = 512 << 10
    private static let pageCount = 1000
    private static let pageBytes = 4 << 20

    private struct Entry {
        var bytes: Int
        /// The turn of its last use.
        var turn: UInt64
    }

    private let store: any OrderedStore
    private let bytesMax: Int
    private var entries: [[UInt8]: Entry] = [:]
    /// Keys by the turn of a use; keys that were used again also have entries with older turns.
    private var order: [(key: [UInt8], turn: UInt64)] = []
    private var orderStart = 0
    private var turn: UInt64 = 0
    private var isLoaded = false
    private var loading: Task<Void, Never>?
    package private(set) var counts = Counts()

    /// - Parameters:
    ///   - store: stores the answers.
    ///   - bytesMax: the limit on the bytes of all answers.
    package init(store: any OrderedStore, bytesMax: Int) {
        self.store = store
        self.bytesMax = bytesMax
    }

    /// The cached answer of a request; nil when the store cannot be read.
    func answer(_ fingerprint: [UInt8]) async -> ModelAnswer? {
        let key = Self.prefix + fingerprint
        let read = try? await self.store.get([key], .forAnswer)
        guard let value = read?.values.first ?? nil, let answer = Self.answer(value.value) else {
            self.counts.misses += 1
            return nil
        }
        self.counts.hits += 1
        if self.isLoaded, self.entries[key] != nil { self.touch(key, bytes: value.value.count) }
        return answer
    }

    /// nil for an answer in a form that this version cannot read; it is computed again.
    private static func answer(_ bytes: [UInt8]) -> ModelAnswer? {
        Document(json: bytes).flatMap { try? ModelAnswer($0) }
    }

    /// Caches an answer; if the store does not accept it, the answer is computed again next time.
    func keep(_ answer: ModelAnswer, for fingerprint: [UInt8]) async {
        await self.load()
        guard self.isLoaded else { return }
        let value = answer.document.json
        let key = Self.prefix + fingerprint
        let size = value.count + Self.entryBytes
        guard size <= min(self.bytesMax, Self.answerBytesMax) else { return }
        // A concurrent request's entry, or one in an outdated format.
        self.forget(key)
        var writes = [Write.set(key, value)]
        while self.counts.bytes + size > self.bytesMax || self.entries.count >= Self.entryCountMax,
            let oldest = self.popOldest()
        {
            writes.append(.delete(oldest))
            guard writes.count < self.store.limits.batchOperationsMax else { break }
        }
        self.touch(key, bytes: value.count)
        do throws(StorageError) {
            try await self.store.commit(Batch(writes: writes))
        } catch {
            self.forget(key)
        }
    }

    /// Reads the keys of the cached answers, once; if the store cannot be read, again with the next answer to be
    /// cached.
    private func load() async {
        guard !self.isLoaded else { return }
        if self.loading == nil {
            // Awaited below, also by concurrent callers.
            self.loading = Task { await self.readKeys() }
        }
        await self.loading?.value
    }

    private func readKeys() async {
        var range = KeyRange(prefix: Self.prefix)
        var found: [(key: [UInt8], bytes: Int, version: CommitVersion)] = []
        while true {
            guard
                let page = try? await self.store.scan(
                    range, limit: Self.pageCount, byteLimit: Self.pageBytes, reverse: false)
            else {
                // What was not seen could never be evicted: nothing counts as known until a whole pass has been read.
                self.loading = nil
                return
            }
            for entry in page.entries { found.append((entry.key, entry.record.value.count, entry.record.version)) }
            guard let next = page.continuation else { break }
            range = range.continued(from: next, reverse: false)
        }
        found.sort { $0.version < $1.version }
        for entry in found { self.touch(entry.key, bytes: entry.bytes) }
        self.isLoaded = true
        self.loading = nil
    }

    private func touch(_ key: [UInt8], bytes: Int) {
        if self.entries[key] == nil {
            self.counts.bytes += bytes + Self.entryBytes
            self.counts.entries += 1
        }
        self.turn += 1
        self.entries[key] = Entry(bytes: bytes, turn: self.turn)
        self.order.append((key, self.turn))
        // Outdated uses stay in the list until they make up half of it.
        if self.order.count > 64 + 2 * self.entries.count {
            self.order = self.order[self.orderStart...].filter { self.entries[$0.key]?.turn == $0.turn }
            self.orderStart = 0
        }
    }

    private func popOldest() -> [UInt8]? {
        while self.orderStart < self.order.count {
            let (key, turn) = self.order[self.orderStart]
            self.orderStart += 1
            guard self.entries[key]?.turn == turn else { continue }
            self.forget(key)
            self.counts.evictions += 1
            return key
        }
        return nil
    }

    private func forget(_ key: [UInt8]) {
        guard let entry = self.entries.removeValue(forKey: key) else { return }
        self.counts.bytes -= entry.bytes + Self.entryBytes
        self.counts.entries -= 1
    }
}
