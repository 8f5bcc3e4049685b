internal import Foundation
internal import Synchronization

/// What must be gone when the run is over, however it ends: child processes and temporary folders.
final class Cleanup: Sendable {
    static let shared = Cleanup()

    private struct State {
        var processes: [pid_t] = []
        var folders: [String] = []

        mutating func clear() {
            for process in self.processes {
                kill(process, SIGKILL)
                waitpid(process, nil, 0)
            }
            for folder in self.folders { try? FileManager.default.removeItem(atPath: folder) }
            self = State()
        }
    }

    private let state = Mutex(State())

    private init() {}

    func add(process: pid_t) {
        self.state.withLock { $0.processes.append(process) }
    }

    /// Kills one process now, if it has not ended.
    func end(process: pid_t) {
        self.state.withLock { state in
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
            state.processes.removeAll { $0 == process }
        }
    }

    func add(folder: String) {
        self.state.withLock { $0.folders.append(folder) }
    }

    /// Kills the processes and removes the folders. Their data are of no worth, so nobody is asked to finish.
    func run() {
        self.state.withLock { $0.clear() }
    }

    /// Cleans up and ends the process on Ctrl-C and its like, for as long as the caller keeps what is returned.
    func listen() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            // Ignored, or the process would end before the source below hears of it.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // Ends under the lock: the main thread, whose servers are gone, waits in `run` and reports no error.
                Cleanup.shared.state.withLock { state in
                    state.clear()
                    exit(128 + number)
                }
            }
            source.resume()
            return source
        }
    }
}

/// A folder for one run, removed when the run is over.
struct TemporaryFolder {
    let path: String

    init(in parent: String) throws {
        self.path = "\(parent)/bench-\(getpid())"
        Cleanup.shared.add(folder: self.path)
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }
}
