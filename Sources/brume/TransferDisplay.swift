internal import Inference
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Shows the progress of a pull or an import on standard error: one line that is updated on a terminal; elsewhere, such
/// as in a container's log, a line now and then.
final class TransferDisplay: Sendable {
    private static let redrawSeconds = 0.1
    private static let lineSeconds = 10.0

    private struct State {
        var meter = TransferMeter()
        var lastShown = -Double.infinity
        var lastFile = ""
        var hasOpenLine = false
        var isClosed = false
    }

    private let isTerminal = Terminal.isScreen(STDERR_FILENO)
    private let started = ContinuousClock.now
    private let state = Mutex(State())

    func show(_ report: TransferReport) {
        let seconds = self.started.duration(to: .now) / .seconds(1)
        // Written under the lock, so that nothing follows the sentence of `close`.
        self.state.withLock { state in
            if let text = self.text(report, seconds, &state) { Terminal.errorText(text) }
        }
    }

    /// - Returns: nil when it is too early for another line.
    private func text(_ report: TransferReport, _ seconds: Double, _ state: inout State) -> String? {
        guard !state.isClosed else { return nil }
        state.meter.add(bytes: report.doneBytes, seconds: seconds)
        let pause = self.isTerminal ? Self.redrawSeconds : Self.lineSeconds
        let isNewFile = state.lastFile != report.fileName
        guard isNewFile || seconds - state.lastShown >= pause else { return nil }
        state.lastShown = seconds
        var text = ""
        if isNewFile {
            if state.hasOpenLine { text += "\n" }
            text += "\(report.activity) \(report.fileName)\n"
            state.lastFile = report.fileName
            state.hasOpenLine = false
            guard self.isTerminal else { return text }
        }
        let line = state.meter.line(report, columns: self.columns)
        state.hasOpenLine = self.isTerminal
        return text + (self.isTerminal ? "\r\(line)\u{1B}[K" : "\(line)\n")
    }

    /// Another transfer begins, whose first report shows what it is about even if the names are the same.
    func startOver() {
        self.state.withLock { state in
            state.meter = TransferMeter()
            state.lastShown = -Double.infinity
            state.lastFile = ""
        }
    }

    /// Prints a line between transfers.
    func say(_ line: String) {
        guard !self.state.withLock({ $0.isClosed }) else { return }
        self.finish()
        Terminal.error(line)
    }

    /// Prints why the transfer pauses, unless the pause is shorter than a second.
    func wait(_ sentence: String, milliseconds: Int) {
        guard milliseconds >= 1000 else { return }
        self.say("retrying in \(milliseconds / 1000) s: \(sentence)")
    }

    /// Ends the display with a sentence, whatever is still reported.
    func close(_ sentence: String) {
        self.state.withLock { $0.isClosed = true }
        self.finish()
        Terminal.error(sentence)
    }

    /// Ends the line that changes.
    func finish() {
        let isOpen = self.state.withLock { state in
            defer { state.hasOpenLine = false }
            return state.hasOpenLine
        }
        if isOpen { Terminal.errorText("\r\u{1B}[K") }
    }

    private var columns: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
