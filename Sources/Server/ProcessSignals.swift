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

/// The process's signals as a sequence. Broken pipes are ignored: writes report them.
package enum ProcessSignals {
    private static let meanings = [(SIGTERM, ProcessSignal.stop), (SIGINT, .stop), (SIGHUP, .reload)]

    /// Signals from now on, kept until somebody asks for them; the first that stops is the last.
    ///
    /// To be called once, before anything is opened: until then a signal ends the process by itself, and after it none
    /// is lost. The sources stay until the process ends, so that a second signal does not cut the drain short.
    package static func stream() -> AsyncStream<ProcessSignal> {
        signal(SIGPIPE, SIG_IGN)
        return AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let isRegistered = DispatchGroup()
            for (number, meaning) in self.meanings {
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    withExtendedLifetime(source) { _ = continuation.yield(meaning) }
                    // However many more come before this one is read.
                    if meaning == .stop { continuation.finish() }
                }
                isRegistered.enter()
                source.setRegistrationHandler { isRegistered.leave() }
                source.resume()
            }
            isRegistered.wait()
            #if canImport(Darwin)
            // There the default action must be off for a source to see its signal; off any earlier, the signal would
            // be lost. On Linux the source has put a handler of its own in its place.
            for (number, _) in self.meanings { signal(number, SIG_IGN) }
            #endif
        }
    }
}
