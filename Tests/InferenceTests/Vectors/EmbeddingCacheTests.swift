import Inference
import Testing

struct EmbeddingCacheTests {
    private let request = EmbeddingRequest(texts: [])

    private func key(_ text: String, _ identity: String = "model") -> EmbeddingCache.Key {
        EmbeddingCache.Key(identity: identity, text: text, request: self.request)
    }

    /// Takes so many bytes with two numbers.
    private let entryBytes = EmbeddingCache.entryBytes + 8
    private let vector = Embedding(values: [1, 2], tokens: 3)

    @Test func `what was not used for longest goes first`() {
        let cache = EmbeddingCache(bytesMax: 2 * self.entryBytes)
        cache.keep(self.vector, for: self.key("a"))
        cache.keep(self.vector, for: self.key("b"))
        #expect(cache.embedding(self.key("a")) == self.vector)
        cache.keep(self.vector, for: self.key("c"))
        #expect(cache.embedding(self.key("b")) == nil)
        #expect(cache.embedding(self.key("a")) == self.vector)
        #expect(cache.embedding(self.key("c")) == self.vector)
        let counts = cache.counts
        #expect((counts.hits, counts.misses, counts.evictions, counts.entries) == (3, 1, 1, 2))
        #expect(counts.bytes == 2 * self.entryBytes)
    }

    @Test func `a bound of a byte too little keeps nothing, and zero counts nothing`() {
        for bytesMax in [self.entryBytes - 1, 0] {
            let cache = EmbeddingCache(bytesMax: bytesMax)
            cache.keep(self.vector, for: self.key("a"))
            #expect(cache.embedding(self.key("a")) == nil)
            #expect(cache.counts.entries == 0 && cache.counts.misses == (bytesMax == 0 ? 0 : 1))
        }
    }

    @Test func `another model, and another wish, is another entry`() {
        let cache = EmbeddingCache(bytesMax: 1 << 20)
        cache.keep(self.vector, for: self.key("a"))
        #expect(cache.embedding(self.key("a", "other")) == nil)
        let shortened = EmbeddingRequest(texts: [], overflow: .dropEnd, tokensMax: 4)
        #expect(cache.embedding(EmbeddingCache.Key(identity: "model", text: "a", request: shortened)) == nil)
        let glued = EmbeddingCache.Key(identity: "mode", text: "la", request: self.request)
        #expect(cache.embedding(glued) == nil)
    }

    @Test func `many turns keep the bound and lose nothing that fits`() {
        let cache = EmbeddingCache(bytesMax: 10 * self.entryBytes)
        for turn in 0..<1000 {
            cache.keep(self.vector, for: self.key("\(turn % 17)"))
            #expect(cache.embedding(self.key("\(turn % 17)")) == self.vector)
            #expect(cache.counts.entries <= 10)
        }
    }

    @Test func `vectors are cut, filled up with zeros, and brought to length 1`() {
        let vector = Embedding(values: [3, 4, 12], tokens: 1)
        #expect(vector.fitted(dimensions: 2, isNormalised: true) == [0.6, 0.8])
        #expect(vector.fitted(dimensions: 5, isNormalised: false) == [3, 4, 12, 0, 0])
        #expect(vector.fitted(dimensions: nil, isNormalised: false) == [3, 4, 12])
        #expect(Embedding(values: [0, 0], tokens: 1).fitted(dimensions: nil, isNormalised: true) == [0, 0])
    }
}
