internal import Inference
internal import Synchronization
internal import Telemetry

/// Work that models were spared by caches, as metrics; read on demand, for the exposition.
final class ModelGauges: Sendable {
    private let embeddings: EmbeddingCache
    private let hits: Counter
    private let misses: Counter
    private let evictions: Counter
    private let entries: Gauge
    private let bytes: Gauge
    private let turn = Mutex(())

    init(_ metrics: MetricRegistry, _ embeddings: EmbeddingCache) {
        self.embeddings = embeddings
        self.hits = metrics.counter(
            "brume_embedding_cache_hits_total", help: "Texts whose vector was kept from before, since the start")
        self.misses = metrics.counter(
            "brume_embedding_cache_misses_total", help: "Texts that had to be embedded, since the start")
        self.evictions = metrics.counter(
            "brume_embedding_cache_evictions_total", help: "Vectors dropped to make room, since the start")
        self.entries = metrics.gauge("brume_embedding_cache_entries", help: "Vectors that are kept now")
        self.bytes = metrics.gauge("brume_embedding_cache_bytes", help: "Bytes of the vectors that are kept now")
    }

    func refresh() {
        // One reader at a time, so that of two concurrent ones only one adds what is new.
        self.turn.withLock { _ in
            let counts = self.embeddings.counts
            for (counter, value) in [
                (self.hits, counts.hits), (self.misses, counts.misses), (self.evictions, counts.evictions),
            ] {
                counter.increment(by: UInt64(max(0, value - Int(counter.value))))
            }
            self.entries.set(Int64(counts.entries))
            self.bytes.set(Int64(counts.bytes))
        }
    }
}
