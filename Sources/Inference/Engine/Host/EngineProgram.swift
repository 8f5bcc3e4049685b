/// The program that runs models: `llama-server` or a compatible one.
package struct EngineProgram: Sendable, Equatable {
    /// How it was selected.
    package enum Origin: String, Sendable, Hashable {
        case setting, choice, path

        /// As text, to follow its path.
        package var sentence: String {
            switch self {
            case .setting: "named by the setting engine"
            case .choice: "chosen with brume engine use"
            case .path: "found on PATH"
            }
        }
    }

    package var path: String
    package var origin: Origin

    package init(path: String, origin: Origin) {
        self.path = path
        self.origin = origin
    }

    var command: [String] { [self.path] }

    package static let name = "llama-server"
    package static let remedy = "No engine for models is installed. \(Self.installation)"
    package static let installation =
        "Put llama-server on PATH, choose one with `brume engine use /path/to/llama-server`, or build one with `brume "
        + "engine build`."
    /// The size limit of the file with the choice.
    private static let choiceBytesMax = 4096

    /// Finds the engine: first the setting, then the choice of `brume engine use`, then `PATH`.
    /// - Parameters:
    ///   - setting: a path; nil when not set.
    ///   - choiceFile: where `choose` writes.
    ///   - searchPath: directories, as in `PATH`.
    /// - Returns: nil when there is none; a setting or choice is returned even if its file is missing.
    package static func find(setting: String?, choiceFile: String, searchPath: String) -> EngineProgram? {
        if let setting, !setting.isEmpty { return EngineProgram(path: setting, origin: .setting) }
        if let text = EngineFiles.text(choiceFile, bytesMax: Self.choiceBytesMax) {
            let path = text.split(separator: "\n").first.map(String.init) ?? ""
            if !path.isEmpty { return EngineProgram(path: path, origin: .choice) }
        }
        for directory in searchPath.split(separator: ":") where directory.hasPrefix("/") {
            let path = "\(directory)/\(Self.name)"
            if EngineFiles.isExecutable(path) { return EngineProgram(path: path, origin: .path) }
        }
        return nil
    }

    /// Saves a choice.
    /// - Returns: whether it was written.
    package static func choose(_ path: String, choiceFile: String) -> Bool {
        EngineFiles.write(path + "\n", to: choiceFile)
    }

    package var isExecutable: Bool { EngineFiles.isExecutable(self.path) }

    /// Whether it can be run, as far as its path tells: a name without a directory is looked for when it is started.
    package var isThere: Bool { self.isExecutable || !self.path.contains("/") }

    /// The message if it does not exist.
    package var absence: String {
        "The engine \(self.path), \(self.origin.sentence), is not there or not executable. Choose another one with "
            + "`brume engine use /path/to/llama-server`."
    }

    /// How long a question to the program may take.
    private static let questionSecondsMax = 30

    /// Runs the program for its output, for example with `--version` or `--list-devices`.
    /// - Returns: its lines; nil when it does not start, fails, or does not end in time.
    package func ask(_ words: [String]) async -> [String]? {
        let log = EngineLog(path: nil)
        let process: EngineProcess
        do throws(ProcessStartError) {
            process = try EngineProcess.start([self.path] + words, onLines: { log.append($0) }, onEnd: { _ in })
        } catch {
            return nil
        }
        let end = await withTaskCancellationHandler {
            await withTaskGroup(of: ProcessEnd?.self) { group in
                group.addTask { await process.end() }
                group.addTask {
                    // Cancelled once the program has ended.
                    guard (try? await Task.sleep(for: .seconds(Self.questionSecondsMax))) != nil else { return nil }
                    process.killGroup()
                    return nil
                }
                let first = await group.next() ?? nil
                group.cancelAll()
                return first
            }
        } onCancel: {
            // A cancelled caller does not wait for the output.
            process.killGroup()
        }
        guard end == .exited(status: 0) else { return nil }
        return log.tail(EngineLog.lineCountMax)
    }
}
