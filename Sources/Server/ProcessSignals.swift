internal import Dispatch

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A signal that the server acts on.
package enum ProcessSignal: Sendable {
    /// SIGTERM, SIGINT
    case stop
    /// SIGHUP
    case reload
}

/// The process's signals as a sequence. SIGPIPE is ignored: writes report the error themselves.
package enum ProcessSignals {
    private static let meanings = [(SIGTERM, ProcessSignal.stop), (SIGINT, .stop), (SIGHUP, .reload)]

    /// Signals from now on, buffered until they are read; the first `stop` ends the stream.
    ///
    /// Call it once, before anything is opened: before, a signal ends the process directly; after, none is lost. The
    /// sources live as long as the process, so that a second signal does not cut the drain short.
    package static func stream() -> AsyncStream<ProcessSignal> {
        signal(SIGPIPE, SIG_IGN)
        return AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let isRegistered = DispatchGroup()
            for (number, meaning) in self.meanings {
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    withExtendedLifetime(source) { _ = continuation.yield(meaning) }
                    // Even if more signals arrive before this one is read.
                    if meaning == .stop { continuation.finish() }
                }
                isRegistered.enter()
                source.setRegistrationHandler { isRegistered.leave() }
                source.resume()
            }
            isRegistered.wait()
            #if canImport(Darwin)
            // On macOS the default action must be ignored for a source to see its signal; doing so any earlier would
            // lose a signal. On Linux the source installs a handler of its own.
            for (number, _) in self.meanings { signal(number, SIG_IGN) }
            #endif
        }
    }
}
