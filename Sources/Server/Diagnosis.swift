internal import Inference
internal import Primitives

/// The result of one check of `brume doctor`.
package struct Finding: Sendable, Equatable {
    package var subject: String
    package var isGood: Bool
    /// Whether Brume cannot work without it.
    package var isNeeded: Bool
    package var detail: String
    package var remedy: String?

    init(_ subject: String, isGood: Bool, isNeeded: Bool = true, _ detail: String, remedy: String? = nil) {
        self.subject = subject
        self.isGood = isGood
        self.isNeeded = isNeeded
        self.detail = detail
        self.remedy = isGood ? nil : remedy
    }
}

/// Checks what a server needs, without creating anything.
package enum Diagnosis {
    package static func findings(_ configuration: Configuration) -> [Finding] {
        let status = ServerProbe.status(configuration)
        return [
            self.dataDirectory(configuration),
            self.keys(configuration),
            self.port(configuration, status),
            self.server(configuration, status),
            self.awsCommandLine(),
        ]
    }

    private static func dataDirectory(_ configuration: Configuration) -> Finding {
        guard Files.facts(configuration.dataDirectory) != nil else {
            return Finding(
                "data directory", isGood: true,
                "\(configuration.dataDirectory) does not exist yet; the first start creates it")
        }
        do throws(FileError) {
            try DataDirectory(path: configuration.dataDirectory).probe(random: SystemRandomSource())
            return Finding("data directory", isGood: true, "\(configuration.dataDirectory) is writable")
        } catch {
            return Finding(
                "data directory",
                isGood: false,
                error.sentence,
                remedy: "use a directory that you may write to: brume start --data-dir ~/.brume"
            )
        }
    }

    private static func keys(_ configuration: Configuration) -> Finding {
        do throws(StartError) {
            let count = try KeyStore.existing(configuration)?.list().count ?? 0
            if count == 0, ClientEnvironment.takesKeysOfAnother(configuration) {
                return Finding("access keys", isGood: true, "taken from another process (identity-url)")
            }
            return Finding(
                "access keys",
                isGood: count > 0,
                count == 0 ? "none yet" : "\(count) in \(configuration.dataDirectory)/identity",
                remedy: "the first `brume start` creates a root key, `brume keys create` more"
            )
        } catch {
            return Finding("access keys", isGood: false, error.sentence, remedy: nil)
        }
    }

    private static func port(_ configuration: Configuration, _ status: ServerStatus) -> Finding {
        if status.isRunning {
            return Finding("port", isGood: true, "\(status.endpoint ?? "") is used by this server")
        }
        let isFree = !ServerProbe.isAnswering(port: configuration.port)
        return Finding(
            "port",
            isGood: isFree,
            isFree ? "\(configuration.port) is free" : "\(configuration.port) is in use by another program",
            remedy: "stop that program, or use another port: brume start --port 4567"
        )
    }

    private static func server(_ configuration: Configuration, _ status: ServerStatus) -> Finding {
        guard status.isRunning else {
            return Finding(
                "server", isGood: false, "none is running on \(configuration.dataDirectory)",
                remedy: "start it with: brume start --data-dir \(ShellWord.quoted(configuration.dataDirectory))")
        }
        return Finding(
            "server", isGood: status.isReady, status.isReady ? status.detail : "not ready: \(status.detail)",
            remedy: "see \"The store takes no writes\" in docs/troubleshooting.md")
    }

    /// Checks the inference engine: where it is, which build, and what it computes on. Runs programs, which takes a
    /// moment.
    package static func engine(_ configuration: Configuration) async -> [Finding] {
        guard let program = ModelEngines.program(configuration) else {
            return [
                Finding(
                    "engine", isGood: false, isNeeded: false, "not installed (only needed to run models here)",
                    remedy: EngineProgram.installation)
            ]
        }
        let facts = await EngineFacts.ask(program)
        guard let version = facts.version else {
            return [
                Finding(
                    "engine", isGood: false, "\(program.path), \(program.origin.sentence), does not report its version",
                    remedy: "choose another one: brume engine use /path/to/llama-server")
            ]
        }
        let engine = Finding("engine", isGood: true, "\(program.path), \(program.origin.sentence); \(version)")
        let cards = await EngineFacts.cards()
        if let sentence = facts.unusedCards(cards) {
            return [engine, Finding("GPU", isGood: false, sentence, remedy: EngineFacts.cardRemedy)]
        }
        let devices = (facts.devices ?? []).map { device in
            "\(device.id) \(device.profile.name), \(PlanText.size(device.profile.freeBytes)) of "
                + "\(PlanText.size(device.profile.memoryBytes)) free"
        }
        let computes = devices.isEmpty ? "the processor; no GPU was found" : devices.joined(separator: "; ")
        return [engine, Finding("computes on", isGood: true, computes)]
    }

    private static func awsCommandLine() -> Finding {
        let path = ProcessEnvironment.variables["PATH"] ?? ""
        let found = path.split(separator: ":").map { "\($0)/aws" }.first { Files.facts($0) != nil }
        return Finding(
            "aws command",
            isGood: found != nil,
            isNeeded: false,
            found ?? "not on PATH (optional)",
            remedy: "install 2.13 or later, or: python3 -m venv ~/aws && ~/aws/bin/pip install awscli && "
                + "PATH=~/aws/bin:$PATH"
        )
    }
}
