internal import ArgumentParser
internal import Inference
internal import Primitives
internal import Server

extension Model {
    /// `brume model plan`: what a model would need on a device, and how it would be started there.
    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Estimate the memory that a model needs on a device, and its speed.",
            usage: "brume model plan [<options>] <model>",
            discussion: """
                Nothing is loaded. The model's file is enough, and the device need not be in this machine:

                  brume model plan model.gguf --gpu rtx3090 --context 32768 --slots 4

                Exits with 1 if the model does not run there.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(
            help: "Name of a model, or path of a GGUF file (the first one of several).", completion: .file())
        var model: String

        @Option(
            help: ArgumentHelp(
                "Known device such as rtx3090, profile file, none (processor only) or auto (what is in this machine).",
                valueName: "device")
        )
        var gpu: String = "auto"

        @Option(help: ArgumentHelp("Context of each slot in tokens (default: 8192).", valueName: "tokens"))
        var context: UInt64?

        @Option(help: "Requests computed at the same time.")
        var slots: Int = Admission.slotsDefault

        @Option(
            name: .customLong("host-memory"),
            help: ArgumentHelp("Main memory that the model may use, in GiB.", valueName: "gib"))
        var hostMemory: UInt64?

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func validate() throws {
            guard (1...Admission.slotsMax).contains(self.slots) else {
                throw ValidationError("--slots takes a whole number from 1 to \(Admission.slotsMax)")
            }
            guard self.context.map({ (1...Admission.contextMax).contains($0) }) ?? true else {
                throw ValidationError("--context takes a whole number from 1 to \(Admission.contextMax)")
            }
            guard self.hostMemory.map({ (1...65_536).contains($0) }) ?? true else {
                throw ValidationError("--host-memory takes a whole number from 1 to 65536 (GiB)")
            }
        }

        func run() async throws {
            let paths = try await self.paths()
            let report: PlanReport
            do throws(PlanningError) {
                report = try self.report(paths)
            } catch {
                switch error {
                case .unusableModel(let sentence): throw Exit.failure(.damagedData, "\(self.model): \(sentence)")
                case .unknownDevice(let sentence): throw Exit.failure(.usage, sentence)
                }
            }
            switch self.output {
            case .text: for line in report.lines { Terminal.output(line) }
            case .json: Terminal.output(report.json)
            }
            guard report.plan.decision != .refuse else { throw ExitCode(1) }
        }

        private func report(_ paths: (weights: String, projector: String?)) throws(PlanningError) -> PlanReport {
            let device = try self.device()
            let file = try self.file(paths.weights)
            guard file.role != .projector, file.role != .other else {
                throw .unusableModel("this is a part of a model and runs only with the model that it belongs to")
            }
            let shape = try ModelShape(file)
            var requested = Admission.RequestedSettings(slots: self.slots, contextPerSlot: self.context)
            if let projector = paths.projector { requested.projectorBytes = try self.file(projector).fileBytes }
            let plan = Admission.plan(shape, requested, on: device, hostBytesMax: self.hostMemory.map { $0 << 30 })
            return PlanReport(name: self.model, file: file, shape: shape, device: device, plan: plan)
        }

        /// The files of a model of the registry or of `bedrock-models`, or the one that was named by its path.
        private func paths() async throws -> (weights: String, projector: String?) {
            if self.model.contains("/") || self.model.hasSuffix(".gguf") {
                guard Files.facts(self.model) != nil else {
                    throw Exit.failure(.noSuchThing, "there is no file \(self.model)")
                }
                return (self.model, nil)
            }
            let registry = try self.directory.registry()
            let running = try await ServerModels.asked(self.directory.load())
            if let model = try running.configured(self.model, registry) {
                guard model.isFile else {
                    throw Exit.failure(
                        .usage, "\(model.name) runs on another server (\(model.place)): its file is not here")
                }
                return (model.place, nil)
            }
            let paths = try orExit { () throws(RegistryError) in try registry.paths(registry.model(self.model)) }
            return (paths.weights, paths.projector)
        }

        private func file(_ path: String) throws(PlanningError) -> GGUFFile {
            do throws(GGUFError) {
                return try GGUFFile.open(path)
            } catch {
                throw .unusableModel(error.detail)
            }
        }

        private func device() throws(PlanningError) -> DeviceProfile {
            if self.gpu == "none" { return .none }
            if self.gpu == "auto" { return try DeviceFacts.devices().first ?? .none }
            if let known = DeviceProfile.named(self.gpu) { return known }
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try Files.read(self.gpu, bytesMax: DeviceProfile.fileBytesMax)
            } catch {
                let names = DeviceProfile.knownNames.joined(separator: ", ")
                throw .unknownDevice(
                    "\(self.gpu) is neither a known device (\(names)) nor a readable file: \(error.sentence)")
            }
            return try DeviceProfile.parse(bytes)
        }
    }
}
