internal import NIOCore
internal import NIOPosix

/// The current round of an event loop: the ready sockets, and the work that handling them caused.
package enum EventLoopTick {
    /// The loop that the calling thread runs; nil on any other thread.
    @Sendable
    package static func currentLoop() -> ObjectIdentifier? {
        MultiThreadedEventLoopGroup.currentEventLoop.map { ObjectIdentifier($0) }
    }

    /// Runs `work` after the calling thread's loop has handled every ready socket; immediately on any other thread.
    @Sendable
    package static func afterThis(_ work: @escaping @Sendable () -> Void) {
        if let loop = MultiThreadedEventLoopGroup.currentEventLoop {
            loop.execute(work)
        } else {
            work()
        }
    }
}
