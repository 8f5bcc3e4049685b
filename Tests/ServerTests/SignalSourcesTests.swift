import Foundation
import Server
import Testing

@Suite struct SignalSourcesTests {
    @Test(.timeLimit(.minutes(1))) func `a signal runs its handler from the moment it is registered`() async {
        let (numbers, continuation) = AsyncStream.makeStream(of: Int32.self)
        // Nobody misses one whose default action is to be ignored.
        SignalSources.handle([SIGURG, SIGCONT]) { continuation.yield($0) }
        var iterator = numbers.makeAsyncIterator()
        for number in [SIGURG, SIGCONT, SIGURG] {
            kill(getpid(), number)
            #expect(await iterator.next() == number)
        }
    }
}
