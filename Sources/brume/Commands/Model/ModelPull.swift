internal import ArgumentParser
internal import Inference
internal import Primitives
internal import Server

extension Model {
    /// `brume model pull`: fetches a model from Hugging Face's hub, a mirror or an address.
    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a model from Hugging Face, a mirror or a URL.",
            discussion: """
                  brume model pull qwen3-8b --alias 'anthropic.*'
                  brume model pull hf.co/Qwen/Qwen3-8B-GGUF:Q8_0
                  brume model pull https://example.com/model.gguf --name mine

                `brume model list --catalogue` lists the short names. After an interruption, the same command \
                continues where it stopped. HF_TOKEN gives access to gated repositories; HTTPS_PROXY and \
                SSL_CERT_FILE are respected.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Short name, hf.co/<owner>/<name>[:<quantisation>|/<file>], or URL.")
        var model: String

        @Option(help: "Name of the model here (default: its short name, or the file's).")
        var name: String?

        @Option(help: "Bedrock model ID or pattern to answer for, such as 'anthropic.*'; may be repeated.")
        var alias: [String] = []

        @Option(help: "Branch, tag or commit of the repository (default: main).")
        var revision: String?

        @Option(help: ArgumentHelp("Expected SHA-256 of the file at a URL, in hexadecimal.", valueName: "digest"))
        var sha256: String?

        @Option(
            help: ArgumentHelp("Hub or mirror (default: $HF_ENDPOINT, or https://huggingface.co).", valueName: "url"))
        var endpoint: String?

        @Option(help: "Attempts in a row without any data before giving up (default: 6).")
        var tries: Int?

        @Option(
            help: ArgumentHelp(
                "Device to check the model's size against, such as rtx3090 (default: what nvidia-smi reports).",
                valueName: "device")
        )
        var gpu: String?

        @Flag(help: "Do not fetch the projector that lets the model see images.")
        var noProjector = false

        @Flag(help: "Replace an existing model of the same name.")
        var replace = false

        @Flag(help: "Show what would be fetched, and fetch nothing.")
        var dryRun = false

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        private var aliases: [String] { self.alias.map(AliasPattern.plain) }

        func run() async throws {
            let registry = try self.directory.registry()
            guard (1...1000).contains(self.tries ?? 1) else {
                throw Exit.failure(.usage, "--tries takes a whole number from 1 to 1000")
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
            let waiting = "asking \(Self.host(of: reference, settings)); press Ctrl-C to stop"
            let plan = try await WaitNotice.showing(waiting) {
                try await orExitAsync { () async throws(RegistryError) in
                    try await pull.plan(
                        reference, revision: self.revision, takesProjector: !self.noProjector, digest: digest)
                }
            }
            let name = self.name ?? shortName ?? plan.suggestedName
            try orExit { () throws(RegistryError) in try ModelName.check(name) }
            self.announce(plan, as: name)
            await self.reportFit(plan, pull, device)
            guard !self.dryRun else { return }
            // Without a digest nothing shows that the parts of a file are of the same content.
            let isKept = plan.files.allSatisfy { $0.digest != nil }
            Interruption.announce {
                display.close("stopped; run the same command again to \(isKept ? "continue" : "start over")")
            }
            defer { display.finish() }
            let notice = WaitNotice.start(waiting)
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
                let near = Misspelling.nearest(to: self.model, among: OpenModel.all.map(\.name))
                throw Exit.failure(
                    .noSuchThing,
                    "there is no model \(self.model) in the catalogue; "
                        + (near.map { "did you mean \($0)?" }
                            ?? "`brume model list --catalogue` lists them. Others are named "
                            + "hf.co/<organisation>/<repository>"))
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
                    "\(gpu) is not a known device; known are "
                        + DeviceProfile.knownNames.joined(separator: ", ") + " and none")
            }
            return device
        }

        /// Said before anything is fetched, and never in the way of it: the machine may get more memory.
        private func reportFit(_ plan: PullPlan, _ pull: ModelPull, _ named: DeviceProfile?) async {
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
            case .text: Terminal.output(sentence.placement == .whole ? line : Terminal.warning(line))
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
                Terminal.output("\(record.name) is ready: \(ByteCount.text(record.bytes)), sha256 \(record.digest.hex)")
                for alias in self.aliases { Terminal.output("\(record.name) answers for \(alias)") }
            case .json: Terminal.output(record.json)
            }
        }
    }
}
