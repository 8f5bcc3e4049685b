internal import Synchronization

/// Combines the texts of several requests into batches; the engine processes one batch at a time.
///
/// A text that arrives while the engine is idle is sent at once; texts that arrive while it computes go into the next
/// batch, one text of each request in turn. So no text waits for a batch to fill, and with many callers the engine's
/// batches are full.
package final class EmbeddingBatcher: Sendable {
    /// The maximum number of texts of one batch.
    package static let textCountMax = 64
    /// The maximum number of tokens of one batch; a single text may have more.
    package static let tokenCountMax = 16_384

    package typealias Compute = @Sendable ([[Int]]) async throws(InferenceError) -> [[Float]]

    private struct Work {
        let texts: [[Int]]
        var vectors: [[Float]] = []
        /// Texts that were sent to the engine.
        var sentCount = 0
        let waiter: CheckedContinuation<Result<[[Float]], InferenceError>, Never>
    }

    private struct State {
        var works: [UInt64: Work] = [:]
        /// Requests with unsent texts; the next in turn is first.
        var line: [UInt64] = []
        var lastID: UInt64 = 0
        var isRunning = false
        var cancelled: Set<UInt64> = []

        /// What happens to a request that was added.
        enum Entry {
            case waits
            /// It is the first: the caller must begin to compute.
            case starts
            case isCancelled
        }

        mutating func add(_ work: Work, _ id: UInt64) -> Entry {
            guard self.cancelled.remove(id) == nil else { return .isCancelled }
            self.works[id] = work
            self.line.append(id)
            guard !self.isRunning else { return .waits }
            self.isRunning = true
            return .starts
        }
    }

    /// Texts for the engine, and the requests that they belong to.
    private struct Batch {
        var texts: [[Int]] = []
        var owners: [UInt64] = []
        var tokenCount = 0
    }

    private let compute: Compute
    private let state = Mutex(State())

    package init(_ compute: @escaping Compute) {
        self.compute = compute
    }

    /// The number of requests with texts that were not sent to the engine yet.
    package var waitingCount: Int { self.state.withLock { $0.line.count } }

    /// The vectors of these texts, in order.
    /// - Parameter texts: their tokens; at least one text.
    /// - Returns: one for each text.
    /// - Throws: an error of the engine.
    package func vectors(of texts: [[Int]]) async throws -> [[Float]] {
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                switch self.state.withLock({ $0.add(Work(texts: texts, waiter: waiter), id) }) {
                case .waits: break
                // Ends when no text is waiting; each caller awaits its own texts.
                case .starts: Task { await self.run() }
                case .isCancelled: waiter.resume(returning: .failure(Self.cancellation))
                }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                guard let work = state.works.removeValue(forKey: id) else {
                    state.cancelled.insert(id)
                    return nil as CheckedContinuation<Result<[[Float]], InferenceError>, Never>?
                }
                state.line.removeAll { $0 == id }
                return work.waiter
            }
            waiter?.resume(returning: .failure(Self.cancellation))
        }
        self.state.withLock { _ = $0.cancelled.remove(id) }
        try Task.checkCancellation()
        return try result.get()
    }

    private static let cancellation = InferenceError.failed("the request was cancelled")

    private func run() async {
        while let batch = self.state.withLock({ Self.nextBatch(&$0) }) {
            do throws(InferenceError) {
                let vectors = try await self.compute(batch.texts)
                guard vectors.count == batch.texts.count else {
                    throw .failed("the engine answered \(batch.texts.count) texts with \(vectors.count) vectors")
                }
                for done in self.state.withLock({ Self.take(vectors, of: batch, &$0) }) {
                    done.waiter.resume(returning: .success(done.vectors))
                }
            } catch {
                let waiters = self.state.withLock { state in
                    Set(batch.owners).compactMap { id in
                        state.line.removeAll { $0 == id }
                        return state.works.removeValue(forKey: id)?.waiter
                    }
                }
                for waiter in waiters { waiter.resume(returning: .failure(error)) }
            }
        }
    }

    private static func nextBatch(_ state: inout State) -> Batch? {
        var batch = Batch()
        while batch.texts.count < self.textCountMax, let id = state.line.first, var work = state.works[id] {
            let text = work.texts[work.sentCount]
            guard batch.texts.isEmpty || batch.tokenCount + text.count <= self.tokenCountMax else { break }
            batch.texts.append(text)
            batch.owners.append(id)
            batch.tokenCount += text.count
            work.sentCount += 1
            state.works[id] = work
            state.line.removeFirst()
            if work.sentCount < work.texts.count { state.line.append(id) }
        }
        guard !batch.texts.isEmpty else {
            state.isRunning = false
            return nil
        }
        return batch
    }

    /// Assigns vectors to their requests.
    /// - Returns: the completed requests.
    private static func take(_ vectors: [[Float]], of batch: Batch, _ state: inout State) -> [Work] {
        for (id, vector) in zip(batch.owners, vectors) { state.works[id]?.vectors.append(vector) }
        return Set(batch.owners).compactMap { id in
            guard let work = state.works[id], work.vectors.count == work.texts.count else { return nil }
            state.works[id] = nil
            return work
        }
    }
}
