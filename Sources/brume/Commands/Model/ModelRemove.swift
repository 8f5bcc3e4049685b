internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model remove`: forgets a model, and the contents that no other one uses.
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove models with their aliases, and the files that no other model uses.",
            usage: "brume model remove [<options>] <names> ..."
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Names or aliases of the models.")
        var names: [String]

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let registry = try self.directory.registry()
            let running = try await ServerModels.asked(self.directory.load())
            for name in self.names {
                try self.refuse(name, registry, running)
                let removal = try orExit { () throws(RegistryError) in try registry.remove(name) }
                let freed = removal.removedBytes - removal.keptElsewhereBytes
                switch self.output {
                case .text:
                    var line = "\(removal.record.name) is removed; \(ByteCount.text(freed)) freed"
                    if removal.keptElsewhereBytes > 0 {
                        line += "; \(ByteCount.text(removal.keptElsewhereBytes)) still in use by another program"
                    }
                    Terminal.output(line)
                    for alias in removal.aliases { Terminal.output("alias \(alias.pattern) is removed") }
                case .json:
                    let aliases = removal.aliases.map { quoted($0.pattern) }.joined(separator: ",")
                    Terminal.output(
                        "{\"name\":\(quoted(removal.record.name)),\"freedBytes\":\(freed),"
                            + "\"keptElsewhereBytes\":\(removal.keptElsewhereBytes),\"aliases\":[\(aliases)]}")
                }
            }
        }

        /// A model of the setting `bedrock-models` is not the registry's to remove; one of the registry with the same
        /// name is.
        private func refuse(_ name: String, _ registry: ModelRegistry, _ running: ServerModels) throws {
            guard let model = try running.configured(name, registry),
                try orExit({ () throws(RegistryError) in try registry.record(named: name) == nil })
            else { return }
            throw Exit.failure(
                .usage,
                "\(model.name) comes from the setting bedrock-models (\(model.place)): remove it there; Brume does not "
                    + "delete files or servers that the setting names")
        }
    }
}
