import Inference
import Synchronization
import Testing

/// An engine that computes when it is told to; a text's vector is its first token.
private final class GatedCompute: Sendable {
    private struct State {
        var batches: [[[Int]]] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isOpen = false
    }

    private let state = Mutex(State())

    var batches: [[[Int]]] { self.state.withLock { $0.batches } }

    func compute(_ texts: [[Int]]) async throws(InferenceError) -> [[Float]] {
        self.state.withLock { $0.batches.append(texts) }
        await withCheckedContinuation { waiter in
            let goesOn = self.state.withLock { state in
                if !state.isOpen { state.waiters.append(waiter) }
                return state.isOpen
            }
            if goesOn { waiter.resume() }
        }
        if texts.contains([13]) { throw .failed("thirteen") }
        return texts.map { [Float($0.first ?? 0)] }
    }

    func open() {
        let waiters = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func until(_ condition: @Sendable ([[[Int]]]) -> Bool) async throws {
        while !condition(self.batches) { try await Task.sleep(for: .milliseconds(2)) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct EmbeddingBatcherTests {
    @Test func `a text alone is sent at once, and what comes meanwhile goes together`() async throws {
        let engine = GatedCompute()
        let batcher = EmbeddingBatcher { (texts) throws(InferenceError) in try await engine.compute(texts) }
        async let alone = batcher.vectors(of: [[1]])
        try await engine.until { $0.count == 1 }
        let others = try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for number in 2...9 { group.addTask { try await batcher.vectors(of: [[number], [number, 0]]) } }
            try await until { batcher.waitingCount == 8 }
            engine.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(try await alone == [[1]])
        #expect(Set(others.map { $0[0][0] }) == Set((2...9).map { Float($0) }))
        #expect(others.allSatisfy { $0.count == 2 && $0[0] == $0[1] })
        #expect(engine.batches[0] == [[1]])
        #expect(engine.batches.count <= 3)
    }

    @Test func `a batch is bounded by texts and by tokens, and callers take turns`() async throws {
        let engine = GatedCompute()
        engine.open()
        let batcher = EmbeddingBatcher { (texts) throws(InferenceError) in try await engine.compute(texts) }
        let many = Array(repeating: [5], count: EmbeddingBatcher.textCountMax + 1)
        #expect(try await batcher.vectors(of: many).count == many.count)
        #expect(engine.batches.map(\.count) == [EmbeddingBatcher.textCountMax, 1])
        let long = Array(repeating: 7, count: EmbeddingBatcher.tokenCountMax)
        #expect(try await batcher.vectors(of: [long, [7]]).count == 2)
        #expect(engine.batches.dropFirst(2).map(\.count) == [1, 1])
    }

    @Test func `a failure is told to the batch's callers, and the next is served`() async throws {
        let engine = GatedCompute()
        engine.open()
        let batcher = EmbeddingBatcher { (texts) throws(InferenceError) in try await engine.compute(texts) }
        await #expect(throws: InferenceError.failed("thirteen")) { _ = try await batcher.vectors(of: [[13]]) }
        #expect(try await batcher.vectors(of: [[4]]) == [[4]])
    }

    @Test func `who leaves is not waited for`() async throws {
        let engine = GatedCompute()
        let batcher = EmbeddingBatcher { (texts) throws(InferenceError) in try await engine.compute(texts) }
        let stays = Task { try await batcher.vectors(of: [[1]]) }
        try await engine.until { $0.count == 1 }
        let leaves = Task { try await batcher.vectors(of: [[2]]) }
        try await until { batcher.waitingCount == 1 }
        leaves.cancel()
        await #expect(throws: CancellationError.self) { _ = try await leaves.value }
        engine.open()
        #expect(try await stays.value == [[1]])
        #expect(!engine.batches.contains([[2]]))
    }
}
