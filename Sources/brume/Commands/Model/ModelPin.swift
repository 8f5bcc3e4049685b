internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model pin`: a model that stays loaded.
    struct Pin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a model loaded, even if others need its memory.",
            usage: "brume model pin [<options>] <name>"
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Name or alias of the model.")
        var name: String

        @Flag(help: "Unpin the model.")
        var off = false

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let registry = try self.directory.registry()
            let configuration = try self.directory.load()
            let running = try await ServerModels.asked(configuration)
            let (name, json) =
                if let model = try running.configured(self.name, registry) {
                    try self.pin(model, registry)
                } else {
                    try self.pin(registry)
                }
            // A running server applies it at once; otherwise the next start reads it.
            do throws(StartError) {
                _ = try await ServerControl.tell(self.off ? "models/unpin" : "models/pin", name, configuration)
            } catch {
                throw Exit.failure(Exit(error), error.sentence)
            }
            switch self.output {
            case .text: Terminal.output("\(name) is \(self.off ? "not pinned" : "pinned")")
            case .json: Terminal.output(json)
            }
        }

        private func pin(_ registry: ModelRegistry) throws -> (name: String, json: String) {
            let record = try orExit { () throws(RegistryError) in try registry.setPinned(self.name, isPinned: !self.off)
            }
            return (record.name, record.json)
        }

        /// A model of the setting `bedrock-models`.
        private func pin(
            _ model: ConfiguredModel, _ registry: ModelRegistry
        ) throws -> (name: String, json: String) {
            guard model.isFile else {
                throw Exit.failure(
                    .usage,
                    "\(model.name) runs on another server (\(model.place)), which decides what it keeps loaded")
            }
            try orExit { () throws(RegistryError) in try registry.setPinned(elsewhere: model.name, isPinned: !self.off)
            }
            return (model.name, model.json(isPinned: !self.off))
        }
    }
}
