/// The program that runs models: `llama-server`, or what takes its words.
package struct EngineProgram: Sendable, Hashable {
    /// Who named it.
    package enum Origin: String, Sendable, Hashable {
        case setting, choice, path

        /// In words, behind its path.
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
    package static let remedy =
        "No engine for models is installed. Put llama-server on PATH, name it (brume engine use /path/to/it), or have "
        + "one built: brume engine build."
    /// Bytes of the file that holds a choice.
    private static let choiceBytesMax = 4096

    /// Looks for the engine: the setting counts first, then the choice of `brume engine use`, then `PATH`.
    /// - Parameters:
    ///   - setting: a path; nil where there is none.
    ///   - choiceFile: where `choose` writes.
    ///   - searchPath: directories, as in `PATH`.
    /// - Returns: nil where there is none; a setting and a choice hold even where their file has gone.
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

    /// Writes a choice down.
    /// - Returns: whether it was written.
    package static func choose(_ path: String, choiceFile: String) -> Bool {
        EngineFiles.write(path + "\n", to: choiceFile)
    }

    package var isExecutable: Bool { EngineFiles.isExecutable(self.path) }

    /// How long a question to the program may take.
    private static let questionSecondsMax = 30

    /// What the program prints when it is asked, such as with `--version` or `--list-devices`.
    /// - Returns: its lines; nil where it does not start, fails, or does not end.
    package func ask(_ words: [String]) async -> [String]? {
        let log = EngineLog(path: nil)
        let process: EngineProcess
        do throws(ProcessStartError) {
            process = try EngineProcess.start([self.path] + words, onLine: { log.append($0) }, onEnd: { _ in })
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
            // Whoever asked does not wait for the answer.
            process.killGroup()
        }
        guard end == .exited(status: 0) else { return nil }
        return log.tail(EngineLog.lineCountMax)
    }
}
