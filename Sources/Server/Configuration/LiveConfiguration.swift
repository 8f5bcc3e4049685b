internal import Primitives
internal import Synchronization

/// The configuration of a running server, which may be read again: what can change without a restart does, and a wrong
/// file changes nothing.
package final class LiveConfiguration: Sendable {
    /// The result of reading it again; one log sentence for each part.
    package enum Outcome: Sendable, Equatable {
        case unchanged
        /// Names of settings: those that were applied, and those that need a restart.
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

    /// Reads everything, as at the start.
    package typealias Source = @Sendable () throws(ConfigurationError) -> LoadedConfiguration

    private struct State {
        var loaded: LoadedConfiguration
        /// The metadata of the files when they were last read.
        var stamps: [FileFacts?]
        /// The metadata of the files at the last check; an editor may still be writing.
        var seen: [FileFacts?]
    }

    private let source: Source
    private let state: Mutex<State>

    /// - Parameter source: reads the configuration; called at once, and again whenever the files may have changed.
    /// - Throws: the error of the first reading.
    package init(_ source: @escaping Source) throws(ConfigurationError) {
        self.source = source
        let loaded = try source()
        let stamps = loaded.files.map { Files.facts($0) }
        self.state = Mutex(State(loaded: loaded, stamps: stamps, seen: stamps))
    }

    /// Settings that have no other source, and cannot change.
    package init(_ configuration: Configuration) {
        let loaded = LoadedConfiguration(configuration)
        self.source = { () throws(ConfigurationError) in loaded }
        self.state = Mutex(State(loaded: loaded, stamps: [], seen: []))
    }

    package var current: Configuration { self.state.withLock { $0.loaded.configuration } }

    /// Reads everything again.
    /// - Parameter apply: called with the new configuration if it is valid.
    /// - Returns: the result.
    package func reread(_ apply: (Configuration) -> Void) -> Outcome {
        let old = self.state.withLock { $0.loaded }
        let stamps = old.files.map { Files.facts($0) }
        do throws(ConfigurationError) {
            let change = try old.taking(try self.source())
            let files = change.now.files
            self.state.withLock { state in
                state.loaded = change.now
                // The configuration may name other files than before: these are watched from now on.
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

    /// Whether a file has changed since it was read, and has been stable for two checks.
    package func hasChangedOnDisk() -> Bool {
        self.state.withLock { state in
            let stamps = state.loaded.files.map { Files.facts($0) }
            defer { state.seen = stamps }
            return stamps != state.stamps && stamps == state.seen
        }
    }
}
