internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model show`: everything that is known of a model here.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the details of a model.", usage: "brume model show [<options>] <name>")

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Name or alias of the model, or a Bedrock model ID that it answers for.")
        var name: String

        @Flag(help: "Read the model's files completely and check their digests.")
        var verify = false

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let registry = try self.directory.registry()
            let configuration = try self.directory.load()
            let running = try await ServerModels.asked(configuration)
            let name = try self.answering(running, configuration, registry)
            if name == EchoModel.name { return self.writeBuiltIn() }
            if let model = try running.configured(name, registry) {
                let isPinned = try orExit { () throws(RegistryError) in try registry.pins().contains(model.name) }
                return self.write(model, running.loaded.first { $0.name == model.name }, isPinned: isPinned)
            }
            let record = try orExit { () throws(RegistryError) in try registry.model(name) }
            let loaded = running.loaded.first { $0.name == record.name }
            switch self.output {
            case .text: self.write(record, registry, loaded)
            case .json: Terminal.output(Self.with(loaded, record.json))
            }
            try orExit { () throws(RegistryError) in _ = try registry.paths(record) }
            guard self.verify else { return }
            let display = TransferDisplay()
            try orExit { () throws(RegistryError) in
                defer { display.finish() }
                try registry.verify(record) { done in
                    display.show(
                        TransferReport(
                            activity: "checking", fileName: record.name, doneBytes: done, totalBytes: record.bytes))
                }
            }
            if self.output == .text { Terminal.output("verified: the files match their digests") }
        }

        /// The name of the model that a server would use for the text; the text itself if there is none.
        private func answering(
            _ running: ServerModels, _ configuration: Configuration, _ registry: ModelRegistry
        ) throws -> String {
            for name in [self.name] + AliasPattern.meanings(of: self.name, configuration, registry) {
                if name == EchoModel.name || running.configured.contains(where: { $0.name == name }) { return name }
                let record = try orExit { () throws(RegistryError) in try registry.record(named: name) }
                if record != nil { return name }
            }
            return self.name
        }

        /// The model that has no files.
        private func writeBuiltIn() {
            let (name, tokens) = (EchoModel.name, EchoModel.contextTokensMax)
            switch self.output {
            case .text:
                let rows = [
                    ["name", name], ["kind", "chat"], ["source", "built in; it repeats what it is told"],
                    ["context", "\(tokens) tokens"],
                ]
                for line in TextTable.lines(rows) { Terminal.output(line) }
            case .json:
                Terminal.output(
                    "{\"name\":\(quoted(name)),\"kind\":\"chat\",\"source\":\"built in\",\"contextTokens\":\(tokens)}")
            }
        }

        /// A model of the setting `bedrock-models`.
        private func write(_ model: ConfiguredModel, _ loaded: LoadedModel?, isPinned: Bool) {
            switch self.output {
            case .text:
                let rows = [
                    ["name", model.name], ["source", "the setting bedrock-models"], ["place", model.place],
                    ["kind", model.kind ?? "-"], ["pinned", isPinned ? "yes" : "no"],
                ]
                for line in TextTable.lines(rows + Self.rows(loaded)) { Terminal.output(line) }
            case .json:
                Terminal.output(Self.with(loaded, model.json(isPinned: isPinned)))
            }
        }

        /// An object of JSON with what is loaded as one more member.
        private static func with(_ loaded: LoadedModel?, _ object: String) -> String {
            guard let loaded, object.hasSuffix("}") else { return object }
            return object.dropLast() + ",\"loaded\":\(loaded.json)}"
        }

        private static func rows(_ loaded: LoadedModel?) -> [[String]] {
            guard let loaded else { return [] }
            var rows = [["state", loaded.state]]
            if let start = loaded.start {
                rows += [
                    ["started", "\(PlanText.slots(start.slots)) of \(start.contextTokens) tokens"],
                    ["cache", start.cacheType], ["gpu layers", start.gpuLayers], ["memory", start.memory],
                ]
            }
            if !loaded.note.isEmpty { rows.append(["because", loaded.note]) }
            return rows
        }

        private func write(_ record: ModelRecord, _ registry: ModelRegistry, _ loaded: LoadedModel?) {
            // The model is shown all the same; commands about aliases say what is wrong with their file.
            let aliases = ((try? registry.aliases()) ?? []).filter { $0.model == record.name }.map(\.pattern)
            var rows = [
                ["name", record.name], ["kind", record.kind.rawValue], ["size", ByteCount.text(record.bytes)],
                ["source", record.source], ["added", record.addedDate],
                ["digest", record.digest.hex], ["pinned", record.isPinned ? "yes" : "no"],
            ]
            let facts: [(String, String?)] = [
                ("architecture", record.facts.architecture), ("quantisation", record.facts.quantisation),
                ("parameters", record.facts.parameterCount.map(String.init)),
                ("context", record.facts.contextTokensMax.map { "\($0) tokens" }), ("licence", record.license),
            ]
            rows += facts.compactMap { name, value in value.map { [name, $0] } }
            rows += Self.rows(loaded)
            if !aliases.isEmpty { rows.append(["aliases", aliases.joined(separator: ", ")]) }
            for file in record.files {
                rows.append([file.role.rawValue, "\(file.name), \(ByteCount.text(file.bytes))"])
                rows.append(["", registry.blobPath(file.digest)])
            }
            for line in TextTable.lines(rows) { Terminal.output(line) }
        }
    }
}
