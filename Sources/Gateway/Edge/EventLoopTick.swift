internal import NIOCore
internal import NIOPosix

/// The present round of an event loop: the sockets that were ready, and what their handling asked for.
package enum EventLoopTick {
    /// Runs `work` once the calling thread's loop has handled every socket that was ready; at once on other threads.
    @Sendable
    package static func afterThis(_ work: @escaping @Sendable () -> Void) {
        if let loop = MultiThreadedEventLoopGroup.currentEventLoop {
            loop.execute(work)
        } else {
            work()
        }
    }
}
