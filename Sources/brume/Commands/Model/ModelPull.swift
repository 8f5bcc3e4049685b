internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model pull`: fetches a model from Hugging Face's hub, a mirror or an address.
    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a model.",
            discussion: """
                A model is named by a short name (`brume model list --catalogue`), by a repository of Hugging Face \
                (hf.co/Qwen/Qwen3-8B-GGUF, with :Q8_0 or /file.gguf behind it where there are several), or by the \
                address of a .gguf file. A pull that breaks off goes on where it was when it is given again. \
                HF_TOKEN opens gated repositories; HF_ENDPOINT names a mirror.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Short name, hf.co/<organisation>/<repository>[:<quantisation>|/<file>], or address.")
        var model: String

        @Option(help: "The name that it gets here (default: the short name, or the file's).")
        var name: String?

        @Option(help: "An id of Bedrock or a pattern that it answers for, such as 'anthropic.*'; may be repeated.")
        var alias: [String] = []

        @Option(help: "A branch, a tag or a commit of the repository (default: main).")
        var revision: String?

        @Option(help: "Digest that the file of an address must have: 64 hexadecimal digits.")
        var sha256: String?

        @Option(help: "The hub (default: HF_ENDPOINT, or https://huggingface.co).")
        var endpoint: String?

        @Option(help: "Tries in a row that may bring nothing before it is given up (default: 6).")
        var tries: Int?

        @Option(
            help: ArgumentHelp(
                "The device that it is to run on, such as rtx3090 (default: what nvidia-smi names).",
                valueName: "device")
        )
        var gpu: String?

        @Flag(help: "Leave out what makes the model see images.")
        var noProjector = false

        @Flag(help: "Replace a model of that name.")
        var replace = false

        @Flag(help: "Say what would be fetched, and fetch nothing.")
        var dryRun = false

        @Option(help: "How the result is written.")
        var output: OutputFormat = .text

        private var aliases: [String] { self.alias.map(AliasPattern.plain) }

        func run() async throws {
            let registry = try self.directory.registry()
            guard (1...1000).contains(self.tries ?? 1) else {
                throw Exit.failure(.usage, "--tries takes a number from 1 to 1000")
            }
            for alias in self.aliases { try orExit { () throws(RegistryError) in try registry.checkAlias(alias) } }
            let (reference, shortName) = try self.reference()
            let settings = try orExit { () throws(RegistryError) in
                try HubSettings(environment: ProcessEnvironment.variables, endpoint: self.endpoint)
            }
            let display = TransferDisplay()
            let pull = ModelPull(
                registry: registry, settings: settings, fetch: HTTPFetch(options: try .forCommands()),
                tries: self.tries, again: { display.wait($0.sentence, milliseconds: $1) }
            )
            let digest = try self.digest()
            let device = try self.device()
            let waiting = "asking \(Self.host(of: reference, settings)); Ctrl-C ends it"
            let plan = try await Patience.telling(waiting) {
                try await orExitAsync { () async throws(RegistryError) in
                    try await pull.plan(
                        reference, revision: self.revision, takesProjector: !self.noProjector, digest: digest)
                }
            }
            let name = self.name ?? shortName ?? plan.suggestedName
            try orExit { () throws(RegistryError) in try ModelName.check(name) }
            self.announce(plan, as: name)
            await self.sayWhetherItFits(plan, pull, device)
            guard !self.dryRun else { return }
            defer { display.finish() }
            let notice = Patience.notice(waiting)
            defer { notice.cancel() }
            let record = try await orExitAsync { () async throws(RegistryError) in
                defer { display.finish() }
                return try await pull.run(plan, name: name, replaces: self.replace) { transfer in
                    notice.cancel()
                    display.show(transfer)
                }
            }
            for alias in self.aliases {
                try orExit { () throws(RegistryError) in try registry.alias(alias, to: record.name) }
            }
            self.conclude(record)
        }

        private func reference() throws -> (PullReference, shortName: String?) {
            if let reference = try orExit({ () throws(RegistryError) in try PullReference(self.model) }) {
                return (reference, nil)
            }
            guard let model = OpenModel.named(self.model.lowercased()) else {
                throw Exit.failure(
                    .noSuchThing,
                    "there is no model \(self.model) in the catalogue; `brume model list --catalogue` shows which "
                        + "there are. Others are named hf.co/<organisation>/<repository>")
            }
            guard let reference = try orExit({ () throws(RegistryError) in try PullReference(model.reference) }) else {
                throw Exit.failure(.internalError, "the catalogue has no reference for \(model.name)")
            }
            return (reference, model.name)
        }

        private static func host(of reference: PullReference, _ settings: HubSettings) -> String {
            switch reference {
            case .hub: settings.endpoint.origin
            case .address(let url): url.origin
            }
        }

        private func digest() throws -> ContentDigest? {
            guard let sha256 = self.sha256 else { return nil }
            guard let digest = ContentDigest(hex: sha256) else {
                throw Exit.failure(.usage, "--sha256 takes 64 hexadecimal digits")
            }
            return digest
        }

        /// The device that was named; nil asks the machine.
        private func device() throws -> DeviceProfile? {
            guard let gpu = self.gpu else { return nil }
            guard let device = gpu == "none" ? DeviceProfile.none : DeviceProfile.named(gpu) else {
                throw Exit.failure(
                    .usage,
                    "\(gpu) is no known device: " + DeviceProfile.knownNames.joined(separator: ", ") + ", none")
            }
            return device
        }

        /// Said before anything is fetched, and never in the way of it: the machine may get more memory.
        private func sayWhetherItFits(_ plan: PullPlan, _ pull: ModelPull, _ named: DeviceProfile?) async {
            guard let file = await pull.beginning(plan) else { return }
            let device: DeviceProfile
            if let named { device = named } else { device = await MachineMemory.device() }
            let projector = plan.files.first { $0.role == .projector }.flatMap(\.bytes)
            // A model of a kind that cannot be planned is fetched like any other.
            guard
                let sentence = try? FitSentence(
                    file, projectorBytes: UInt64(projector ?? 0), on: device,
                    hostBytesMax: MachineMemory.availableBytes())
            else { return }
            let line = "it \(sentence.text)"
            switch self.output {
            case .text: Terminal.output(sentence.degree == .whole ? line : Terminal.warning(line))
            case .json: Terminal.error(line)
            }
        }

        private func announce(_ plan: PullPlan, as name: String) {
            let size = plan.bytes.map { ", \(ByteCount.text($0))" } ?? ""
            let count = plan.files.count == 1 ? "1 file" : "\(plan.files.count) files"
            let license = plan.license.map { "; licence: \($0)" } ?? ""
            let line = "\(name): \(count)\(size) from \(plan.source)\(license)"
            switch self.output {
            case .text: Terminal.output(line)
            case .json where self.dryRun:
                let files = plan.files.map { file in
                    "{\"path\":\(quoted(file.path)),\"role\":\(quoted(file.role.rawValue)),"
                        + "\"bytes\":\(file.bytes.map(String.init) ?? "null"),"
                        + "\"digest\":\(file.digest.map { quoted($0.fileName) } ?? "null")}"
                }
                Terminal.output(
                    "{\"name\":\(quoted(name)),\"source\":\(quoted(plan.source)),"
                        + "\"license\":\(plan.license.map(quoted) ?? "null"),"
                        + "\"bytes\":\(plan.bytes.map(String.init) ?? "null"),"
                        + "\"files\":[\(files.joined(separator: ","))]}"
                )
            case .json: Terminal.error(line)
            }
        }

        private func conclude(_ record: ModelRecord) {
            switch self.output {
            case .text:
                Terminal.output("\(record.name) is here: \(ByteCount.text(record.bytes)), sha256 \(record.digest.hex)")
                for alias in self.aliases { Terminal.output("\(alias) is answered by \(record.name)") }
            case .json: Terminal.output(record.json)
            }
        }
    }
}
