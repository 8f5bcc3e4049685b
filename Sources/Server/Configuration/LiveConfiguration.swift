internal import Primitives
internal import Synchronization

/// The configuration of a running server, which may be read again: what can change without a restart does, and a wrong
/// file changes nothing.
package final class LiveConfiguration: Sendable {
    /// What became of reading it again; a sentence each for the log.
    package enum Outcome: Sendable, Equatable {
        case unchanged
        /// Names of settings: those that hold at once, and those that take a restart.
        case changed(now: [String], atRestart: [String])
        case kept(reason: String)

        package var sentence: String {
            switch self {
            case .unchanged: return "configuration read again: nothing has changed"
            case .changed(let now, let atRestart):
                let parts = [
                    now.isEmpty ? nil : "\(now.joined(separator: ", ")) changed",
                    atRestart.isEmpty ? nil : "\(atRestart.joined(separator: ", ")) will change at the next start",
                ]
                return "configuration read again: " + parts.compactMap(\.self).joined(separator: "; ")
            case .kept(let reason): return "configuration kept as it was: \(reason)"
            }
        }
    }

    /// Reads everything again, as at the start.
    package typealias Source = @Sendable () throws(ConfigurationError) -> LoadedConfiguration

    private struct State {
        var loaded: LoadedConfiguration
        /// Of the files when they were read last.
        var stamps: [FileFacts?]
        /// Of the files when they were looked at last; an editor may still be writing.
        var seen: [FileFacts?]
    }

    private let source: Source
    private let state: Mutex<State>

    /// - Parameter source: what the user says; it is asked at once, and again whenever the files may have changed.
    /// - Throws: what is wrong with it.
    package init(_ source: @escaping Source) throws(ConfigurationError) {
        self.source = source
        let loaded = try source()
        let stamps = loaded.files.map { Files.facts($0) }
        self.state = Mutex(State(loaded: loaded, stamps: stamps, seen: stamps))
    }

    /// Settings that come from nowhere else, and stay.
    package init(_ configuration: Configuration) {
        let loaded = LoadedConfiguration(configuration)
        self.source = { () throws(ConfigurationError) in loaded }
        self.state = Mutex(State(loaded: loaded, stamps: [], seen: []))
    }

    package var current: Configuration { self.state.withLock { $0.loaded.configuration } }

    /// Reads everything again.
    /// - Parameter apply: hands what holds now to those that it concerns.
    /// - Returns: what became of it.
    package func reread(_ apply: (Configuration) -> Void) -> Outcome {
        let old = self.state.withLock { $0.loaded }
        let stamps = old.files.map { Files.facts($0) }
        do throws(ConfigurationError) {
            let change = try old.taking(try self.source())
            let files = change.now.files
            self.state.withLock { state in
                state.loaded = change.now
                // Other files than before: looked at from now on.
                state.stamps = files == old.files ? stamps : files.map { Files.facts($0) }
                state.seen = state.stamps
            }
            guard !change.changed.isEmpty || !change.waiting.isEmpty else { return .unchanged }
            if !change.changed.isEmpty { apply(change.now.configuration) }
            return .changed(now: change.changed, atRestart: change.waiting)
        } catch {
            self.state.withLock { state in
                state.stamps = stamps
                state.seen = stamps
            }
            return .kept(reason: error.sentence)
        }
    }

    /// Whether a file is another than when it was read, and stays as it is: the same at two looks, one after the other.
    package func hasChangedOnDisk() -> Bool {
        self.state.withLock { state in
            let stamps = state.loaded.files.map { Files.facts($0) }
            defer { state.seen = stamps }
            return stamps != state.stamps && stamps == state.seen
        }
    }
}
