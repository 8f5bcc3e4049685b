internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An engine's output: its last lines in memory, and all lines in a file, which is rotated when it is large.
package final class EngineLog: Sendable {
    package static let lineCountMax = 400
    /// Bytes of lines in memory; above it, the older half is dropped.
    static let keptBytesMax = 64 << 10
    /// A larger file is renamed to `….1`, replacing the previous one.
    static let fileBytesMax = 8 << 20

    private struct State {
        var kept = OutputLines()
        /// How the engine ended.
        var end: String?
        var descriptor: Int32 = -1
        var bytes = 0
    }

    private let path: String?
    private let state = Mutex(State())

    /// - Parameter path: the log file; nil keeps lines in memory only.
    package init(path: String?) {
        self.path = path
        self.state.withLock { self.open(&$0) }
    }

    deinit {
        let descriptor = self.state.withLock { $0.descriptor }
        if descriptor >= 0 { close(descriptor) }
    }

    package func append(_ lines: OutputLines) {
        self.state.withLock { state in
            state.kept.append(lines)
            if state.kept.bytes.count > Self.keptBytesMax { state.kept.shorten(to: Self.keptBytesMax / 2) }
            self.write(lines, &state)
        }
    }

    /// Notes how the engine ended: no word of its own.
    package func append(end: String) {
        self.state.withLock { state in
            state.end = end
            self.write(["brume: \(end)"], &state)
        }
    }

    private func write(_ lines: OutputLines, _ state: inout State) {
        guard state.descriptor >= 0 else { return }
        // A full disk costs lines of this file; those in memory stay.
        EngineFiles.append(lines.bytes, to: state.descriptor)
        state.bytes += lines.bytes.count
        guard state.bytes > Self.fileBytesMax, let path = self.path else { return }
        close(state.descriptor)
        EngineFiles.rename(path, to: path + ".1")
        self.open(&state)
    }

    private func open(_ state: inout State) {
        guard let path = self.path else { return }
        state.descriptor = EngineFiles.openToAppend(path)
        state.bytes = state.descriptor < 0 ? 0 : EngineFiles.byteCount(state.descriptor)
    }

    /// The last lines, oldest first.
    package func tail(_ count: Int) -> [String] {
        Array(self.state.withLock { $0.kept }.texts.suffix(min(count, Self.lineCountMax)))
    }

    /// The line that best explains why an engine ended: the last one that mentions an error, otherwise the last one.
    package var reason: String {
        let lines = self.tail(Self.lineCountMax)
        let telling = lines.last { line in
            let line = line.lowercased()
            return line.contains("error") || line.contains("failed") || line.contains("assert")
        }
        return telling ?? lines.last ?? "it printed nothing"
    }

    /// How the engine ended, and what it said before.
    package var lastWord: String {
        let end = self.state.withLock { $0.end }
        return (end.map { "\($0); its last word: " } ?? "") + self.reason
    }
}
