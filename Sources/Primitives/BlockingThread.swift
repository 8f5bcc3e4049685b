#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A thread of our own, on which blocking calls are allowed; Swift's cooperative pool has few threads and must never
/// wait.
///
/// Sendable: the handle belongs to the system and never changes.
@safe package struct BlockingThread: @unchecked Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private let handle: pthread_t

    /// Starts a thread that runs `body` once and ends. Nobody joins it: `body` itself must report when it is done.
    /// - Parameters:
    ///   - name: as `ThreadName.set` takes it.
    ///   - body: what the thread does.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        pthread_detach(BlockingThread(name, body).handle)
    }

    /// Starts a thread that the caller joins exactly once.
    package static func startJoinable(_ name: String, _ body: @escaping @Sendable () -> Void) -> BlockingThread {
        BlockingThread(name, body)
    }

    private init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(
            Body {
                ThreadName.set(name)
                body()
            }
        ).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        let status = unsafe pthread_create(
            &thread, nil,
            { raw in
                unsafe Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, box)
        guard status == 0, let thread else { Self.fail(name) }
        self.handle = thread
        #else
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { raw in
                guard let raw = unsafe raw else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, box)
        guard status == 0 else { Self.fail(name) }
        self.handle = thread
        #endif
    }

    private static func fail(_ name: String) -> Never {
        preconditionFailure("the system has no thread left for \(name): raise its limit of processes")
    }

    /// Waits until the thread has ended. Blocks.
    package func join() {
        pthread_join(self.handle, nil)
    }

    /// Blocks the calling thread, which must be one of our own.
    package static func sleep(milliseconds: Int) {
        usleep(UInt32(milliseconds) * 1000)
    }
}
