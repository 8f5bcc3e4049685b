internal import Dispatch

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A signal that the server acts on.
enum ProcessSignal: Sendable {
    /// SIGTERM, SIGINT
    case stop
    /// SIGHUP
    case reload
}

/// The process's signals as a sequence. Broken pipes are ignored: writes report them.
enum ProcessSignals {
    static func stream() -> AsyncStream<ProcessSignal> {
        signal(SIGPIPE, SIG_IGN)
        return AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let sources = [(SIGTERM, ProcessSignal.stop), (SIGINT, .stop), (SIGHUP, .reload)].map { number, meaning in
                // The default action must be off for the source to see the signal.
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(meaning) }
                source.resume()
                return source
            }
            let held = SignalSources(sources)
            continuation.onTermination = { _ in held.cancel() }
        }
    }
}

/// Keeps the sources alive as long as somebody listens.
// Sendable: the sources are only cancelled, which Dispatch allows from any thread.
private final class SignalSources: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]

    init(_ sources: [any DispatchSourceSignal]) {
        self.sources = sources
    }

    func cancel() {
        for source in self.sources { source.cancel() }
    }
}
