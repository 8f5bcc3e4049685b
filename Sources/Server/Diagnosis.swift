internal import Inference
internal import Primitives
internal import RocksDBStore

/// The result of one check of `brume doctor`.
package struct Finding: Sendable, Equatable {
    package let subject: String
    package let isGood: Bool
    /// Whether Brume cannot work without it.
    package let isNeeded: Bool
    package let detail: String
    /// What to do about it; nil when it is good, or when `detail` says it already.
    package let remedy: String?

    static func good(_ subject: String, _ detail: String) -> Finding {
        Finding(subject: subject, isGood: true, isNeeded: true, detail: detail, remedy: nil)
    }

    static func problem(_ subject: String, _ detail: String, remedy: String?) -> Finding {
        Finding(subject: subject, isGood: false, isNeeded: true, detail: detail, remedy: remedy)
    }

    /// Something that Brume works without.
    static func optional(_ subject: String, found: String?, otherwise: String, remedy: String) -> Finding {
        Finding(
            subject: subject, isGood: found != nil, isNeeded: false, detail: found ?? otherwise,
            remedy: found == nil ? remedy : nil)
    }
}

/// Checks what a server needs, without creating anything.
package enum Diagnosis {
    /// - Parameters:
    ///   - configuration: what the server would run with.
    ///   - freeBytes: the free space on the disk of a path; nil if the system does not tell.
    /// - Returns: one finding or more for each subject.
    package static func findings(
        _ configuration: Configuration, freeBytes: (_ path: String) -> UInt64? = Diagnosis.freeBytes
    ) -> [Finding] {
        let status = ServerProbe.status(configuration)
        return [
            self.dataDirectory(configuration, freeBytes: freeBytes),
            self.keys(configuration),
        ] + self.lostPolicies(configuration) + [
            self.port(configuration, status),
            self.server(configuration, status),
            self.awsCommandLine(),
        ]
    }

    /// While the configuration is wrong: the mistake, and what no setting decides.
    /// - Parameters:
    ///   - error: the mistake.
    ///   - dataDirectory: nil if the mistake hides it.
    /// - Returns: in the order of the checks without a mistake.
    package static func findings(_ error: ConfigurationError, dataDirectory: String?) -> [Finding] {
        let sentence = AddressText.withoutSecrets(error.sentence)
        guard error.reason != .dataDirectory else {
            return [.problem("data directory", sentence, remedy: nil), self.awsCommandLine()]
        }
        let mistake = Finding.problem(
            "configuration", sentence,
            remedy: "correct it, and run `brume doctor` again, which then checks keys, port, server and engine too")
        guard let dataDirectory else { return [mistake, self.awsCommandLine()] }
        var configuration = Configuration()
        configuration.dataDirectory = dataDirectory
        let status = ServerProbe.status(configuration)
        // One that runs has kept the configuration that it started with.
        let server = status.isRunning ? [self.server(configuration, status)] : []
        return [mistake, self.dataDirectory(configuration, freeBytes: self.freeBytes)] + server
            + [self.awsCommandLine()]
    }

    package static func freeBytes(at path: String) -> UInt64? {
        DiskFreeSpace().freeBytes(at: path)
    }

    private static func dataDirectory(
        _ configuration: Configuration, freeBytes: (_ path: String) -> UInt64?
    ) -> Finding {
        guard Files.facts(configuration.dataDirectory) != nil else {
            return .good(
                "data directory", "\(configuration.dataDirectory) does not exist yet; the first start creates it")
        }
        do throws(FileError) {
            try DataDirectory(path: configuration.dataDirectory).probe(random: SystemRandomSource())
            return self.shortage(configuration, freeBytes: freeBytes(configuration.dataDirectory))
                ?? .good("data directory", "\(configuration.dataDirectory) is writable")
        } catch {
            return .problem(
                "data directory", error.sentence,
                remedy: error.isNoSpace
                    ? "make room on its disk"
                    : "use a directory that you may write to: brume start --data-dir ~/.brume")
        }
    }

    /// Nil where the disk has room for writes, and where the store is not in the data directory.
    private static func shortage(_ configuration: Configuration, freeBytes: UInt64?) -> Finding? {
        let options = StoreOptions()
        guard configuration.cluster.runs(.dynamodb), configuration.store == nil, let freeBytes,
            freeBytes < options.freeBytesReserve
        else { return nil }
        let neededBytes = options.freeBytesReserve + options.freeBytesHysteresis
        return .problem(
            "data directory",
            "the disk of \(configuration.dataDirectory) has \(freeBytes >> 20) MiB free; the store takes no writes "
                + "below \(options.freeBytesReserve >> 20) MiB",
            remedy: "make room: writes are taken again from \(neededBytes >> 20) MiB on")
    }

    private static func keys(_ configuration: Configuration) -> Finding {
        do throws(StartError) {
            let count = try KeyStore.existing(configuration)?.list().count ?? 0
            if count == 0, ClientEnvironment.takesKeysOfAnother(configuration) {
                return .good("access keys", "taken from another process (identity-url)")
            }
            guard count == 0 else {
                return .good("access keys", "\(count) in \(configuration.dataDirectory)/identity")
            }
            if let loss = try KeyStore.lossOfKeys(configuration) {
                return .problem("access keys", loss, remedy: nil)
            }
            return .problem(
                "access keys", "none yet",
                remedy: "the first `brume start` creates a root key, `brume keys create` more")
        } catch {
            return .problem("access keys", error.sentence, remedy: nil)
        }
    }

    /// Nothing where no policies were lost; damaged files are a finding of `keys`.
    private static func lostPolicies(_ configuration: Configuration) -> [Finding] {
        guard let loss = try? KeyStore.existing(configuration)?.lossOfPolicies() else { return [] }
        return [.problem("policies", loss, remedy: nil)]
    }

    private static func port(_ configuration: Configuration, _ status: ServerStatus) -> Finding {
        if status.isRunning {
            return .good("port", "\(status.endpoint ?? "") is used by this server")
        }
        guard ServerProbe.isAnswering(port: configuration.port) else {
            return .good("port", "\(configuration.port) is free")
        }
        return .problem(
            "port", "\(configuration.port) is in use by another program",
            remedy: "stop that program, or use another port: brume start --port 4567")
    }

    private static func server(_ configuration: Configuration, _ status: ServerStatus) -> Finding {
        let start = "brume start --data-dir \(ShellWord.quoted(configuration.dataDirectory))"
        if !status.isRunning, let address = status.address {
            // After a crash and a restart of the machine, another program may have the number.
            let processID = address.processID
            return .problem(
                "server", "process \(processID) was started as the server, but \(status.detail)",
                remedy: "see `ps -p \(processID)`: if that is brume, wait for it or end it; otherwise \(start)")
        }
        guard status.isRunning else {
            return .problem(
                "server", "none is running on \(configuration.dataDirectory)",
                remedy: "start it with: \(start)")
        }
        guard !status.isReady else { return .good("server", status.detail) }
        return .problem(
            "server", "not ready: \(status.detail)",
            remedy: "see \"The store takes no writes\" in docs/troubleshooting.md")
    }

    /// Checks the inference engine: where it is, which build, and what it computes on. Runs programs, which takes a
    /// moment.
    package static func engine(_ configuration: Configuration) async -> [Finding] {
        guard let program = ModelEngines.program(configuration) else {
            return [
                .optional(
                    "engine", found: nil, otherwise: "not installed (only needed to run models here)",
                    remedy: EngineProgram.installation)
            ]
        }
        guard program.isThere else { return [.problem("engine", program.absence, remedy: nil)] }
        let facts = await EngineFacts.ask(program)
        guard let version = facts.version else {
            return [
                .problem(
                    "engine", "\(program.path), \(program.origin.sentence), does not report its version",
                    remedy: "choose another one: brume engine use /path/to/llama-server")
            ]
        }
        let engine = Finding.good("engine", "\(program.path), \(program.origin.sentence); \(version)")
        let cards = await EngineFacts.cards()
        if let sentence = facts.unusedCards(cards) {
            return [engine, .problem("GPU", sentence, remedy: EngineFacts.cardRemedy)]
        }
        let devices = (facts.devices ?? []).map { device in
            "\(device.id) \(device.profile.name), \(PlanText.size(device.profile.freeBytes)) of "
                + "\(PlanText.size(device.profile.memoryBytes)) free"
        }
        let computes = devices.isEmpty ? "the processor; no GPU was found" : devices.joined(separator: "; ")
        return [engine, .good("computes on", computes)]
    }

    private static func awsCommandLine() -> Finding {
        let path = ProcessEnvironment.variables["PATH"] ?? ""
        let found = path.split(separator: ":").map { "\($0)/aws" }.first { Files.facts($0) != nil }
        return .optional(
            "aws command", found: found, otherwise: "not on PATH (optional)",
            remedy: "install 2.13 or later, or: python3 -m venv ~/aws && ~/aws/bin/pip install awscli && "
                + "PATH=~/aws/bin:$PATH")
    }
}
