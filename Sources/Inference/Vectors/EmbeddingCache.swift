internal import Crypto
internal import Synchronization

/// Caches vectors of texts for all models of a server: the same text is not computed twice.
///
/// The key is the SHA-256 of the model's content, the engine's build, the text and the request's parameters, so that a
/// model of the same name with other weights never gets an earlier model's vectors. In memory only, with a limit in
/// bytes; the least recently used entries are evicted.
package final class EmbeddingCache: Sendable {
    /// The overhead of an entry in bytes.
    package static let entryBytes = 160

    /// The key of an entry.
    package struct Key: Sendable, Hashable {
        fileprivate let digest: SHA256.Digest

        package init(identity: String, text: String, request: EmbeddingRequest) {
            var hash = SHA256()
            // The separator is a byte that does not occur in text.
            let bound = request.tokensMax.map { String($0) } ?? ""
            for part in [identity, "\(request.overflow)", bound] {
                hash.update(data: Array(part.utf8))
                hash.update(data: [0xFF])
            }
            hash.update(data: Array(text.utf8))
            self.digest = hash.finalize()
        }
    }

    /// Statistics of the cache.
    package struct Counts: Sendable, Equatable {
        package var hits = 0
        package var misses = 0
        package var evictions = 0
        package var entries = 0
        package var bytes = 0
    }

    private struct Entry {
        var key: Key
        var embedding: Embedding
        /// Indices in `entries` of the neighbours by time of use; -1 for none.
        var newer: Int
        var older: Int
    }

    private struct State {
        var places: [Key: Int] = [:]
        var entries: [Entry?] = []
        var free: [Int] = []
        var newest = -1
        var oldest = -1
        var counts = Counts()
    }

    private let bytesMax: Int
    private let state = Mutex(State())

    /// - Parameter bytesMax: 0 disables the cache.
    package init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    package var counts: Counts { self.state.withLock { $0.counts } }

    package func embedding(_ key: Key) -> Embedding? {
        guard self.bytesMax > 0 else { return nil }
        return self.state.withLock { state in
            guard let place = state.places[key], let entry = state.entries[place] else {
                state.counts.misses += 1
                return nil
            }
            state.counts.hits += 1
            Self.unlink(place, &state)
            Self.link(place, &state)
            return entry.embedding
        }
    }

    package func keep(_ embedding: Embedding, for key: Key) {
        let bytes = Self.bytes(embedding)
        guard bytes <= self.bytesMax else { return }
        self.state.withLock { state in
            guard state.places[key] == nil else { return }
            while state.counts.bytes + bytes > self.bytesMax, state.oldest >= 0 { Self.dropOldest(&state) }
            let entry = Entry(key: key, embedding: embedding, newer: -1, older: -1)
            let place: Int
            if let free = state.free.popLast() {
                place = free
                state.entries[place] = entry
            } else {
                place = state.entries.count
                state.entries.append(entry)
            }
            state.places[key] = place
            state.counts.bytes += bytes
            state.counts.entries += 1
            Self.link(place, &state)
        }
    }

    private static func bytes(_ embedding: Embedding) -> Int { embedding.values.count * 4 + self.entryBytes }

    private static func dropOldest(_ state: inout State) {
        let place = state.oldest
        guard let entry = state.entries[place] else { preconditionFailure("the oldest entry is there") }
        self.unlink(place, &state)
        state.entries[place] = nil
        state.free.append(place)
        state.places[entry.key] = nil
        state.counts.bytes -= self.bytes(entry.embedding)
        state.counts.entries -= 1
        state.counts.evictions += 1
    }

    /// Makes an entry the most recently used.
    private static func link(_ place: Int, _ state: inout State) {
        state.entries[place]?.older = state.newest
        state.entries[place]?.newer = -1
        if state.newest >= 0 { state.entries[state.newest]?.newer = place }
        state.newest = place
        if state.oldest < 0 { state.oldest = place }
    }

    private static func unlink(_ place: Int, _ state: inout State) {
        guard let entry = state.entries[place] else { return }
        if entry.newer >= 0 { state.entries[entry.newer]?.older = entry.older } else { state.newest = entry.older }
        if entry.older >= 0 { state.entries[entry.older]?.newer = entry.newer } else { state.oldest = entry.newer }
    }
}
