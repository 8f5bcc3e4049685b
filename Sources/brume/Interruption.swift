internal import Dispatch
internal import Server

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Ctrl-C in a command that takes long: it still ends the process, after a sentence about what has become of the work.
enum Interruption {
    /// The longest time for the sentence: standard error may be a pipe that nobody reads.
    private static let farewellTimeout = DispatchTimeInterval.seconds(1)
    private static let settleMilliseconds = 200

    /// From now on SIGINT runs `farewell` before it ends the process. Call it once in a process.
    ///
    /// The process is ended by the signal itself, so that a shell stops a script that runs the command; `$?` is 130.
    /// It ends also when `farewell` does not return. Nothing happens if SIGINT is ignored, as in a background job of a
    /// script.
    static func announce(_ farewell: @escaping @Sendable () -> Void) {
        let former = signal(SIGINT, SIG_DFL)
        guard unsafe unsafeBitCast(former, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) else {
            signal(SIGINT, SIG_IGN)
            return
        }
        SignalSources.handle([SIGINT]) { _ in
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.farewellTimeout) { Self.end() }
            farewell()
            Self.end()
        }
    }

    /// Waits until a Ctrl-C that has arrived has ended the process. For errors that may only follow from it: a terminal
    /// also sends it to the programs that this process runs.
    static func settle() async {
        // Throws only on cancellation, and nothing cancels a command.
        try? await Task.sleep(for: .milliseconds(self.settleMilliseconds))
    }

    private static func end() -> Never {
        signal(SIGINT, SIG_DFL)
        // The threads of the source block the signal.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(SIGINT)
        exit(128 + SIGINT)
    }
}
