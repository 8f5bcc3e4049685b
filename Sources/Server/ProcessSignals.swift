internal import Dispatch
internal import Synchronization

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
///
/// Make it once, before anything is opened: before, a signal ends the process directly; after, none is lost. A second
/// signal does not cut the drain short.
package final class ProcessSignals: Sendable {
    private static let meanings: [Int32: ProcessSignal] = [SIGTERM: .stop, SIGINT: .stop, SIGHUP: .reload]

    /// The signals since this object was made, buffered until they are read; the first `stop` ends the stream.
    package let stream: AsyncStream<ProcessSignal>
    private let stopped = Atomic<Bool>(false)
    private let startIsOver = Atomic<Bool>(false)

    /// How long a start may go on after a `stop`.
    private static let startMillisecondsMax = 1000

    /// Whether a `stop` has arrived, read from the stream or not.
    package var hasStopped: Bool { self.stopped.load(ordering: .acquiring) }

    package init() {
        signal(SIGPIPE, SIG_IGN)
        let (stream, continuation) = AsyncStream.makeStream(
            of: ProcessSignal.self, bufferingPolicy: .bufferingNewest(16))
        self.stream = stream
        SignalSources.handle(Array(Self.meanings.keys)) { number in
            guard let meaning = Self.meanings[number] else { return }
            _ = continuation.yield(meaning)
            guard meaning == .stop else { return }
            self.stopped.store(true, ordering: .releasing)
            // Even if more signals arrive before this one is read.
            continuation.finish()
            self.endStart()
        }
    }

    /// From now on a `stop` is up to the reader of the stream. Call it once the start has succeeded or failed.
    package func startHasEnded() {
        self.startIsOver.store(true, ordering: .releasing)
    }

    /// Ends a start that goes on for too long after a `stop`, such as one that waits for a silent database: nobody
    /// reads the stream yet. A start leaves nothing that a killed process might not leave.
    private func endStart() {
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Self.startMillisecondsMax)) {
            guard !self.startIsOver.load(ordering: .acquiring) else { return }
            _exit(0)
        }
    }
}
