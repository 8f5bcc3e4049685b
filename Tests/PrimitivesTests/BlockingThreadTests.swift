import Primitives
import Synchronization
import Testing

@Suite struct BlockingThreadTests {
    @Test func `a thread has run when it was joined`() {
        let count = Atomic(0)
        let threads = (0..<8).map { _ in
            BlockingThread.startJoinable("counting") { count.add(1, ordering: .relaxed) }
        }
        for thread in threads { thread.join() }
        #expect(count.load(ordering: .relaxed) == 8)
    }

    @Test func `a thread that nobody joins says itself when it is done`() async {
        let answer = await withCheckedContinuation { continuation in
            BlockingThread.start("answering") { continuation.resume(returning: 42) }
        }
        #expect(answer == 42)
    }
}
