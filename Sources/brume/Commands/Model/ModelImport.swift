internal import ArgumentParser
internal import Inference
internal import Server

/// Where models are taken over from.
private enum ImportSource: String, ExpressibleByArgument, CaseIterable {
    case ollama, lmstudio, safetensors
    case hubCache = "hf-cache"

    var program: OtherProgram? { OtherProgram(rawValue: self.rawValue) }
}

extension Model {
    /// `brume model import`: takes up models that lie on this machine.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take up models that lie on this machine.",
            discussion: """
                Files and directories are named by their paths; of a model in several files the first is enough. With \
                --from, the words are names of models of that program, and --all takes every one; without either, they \
                are listed. Contents are hard-linked where the file system allows it, and take no space twice then.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Paths of .gguf files or directories; with --from, names of models.", completion: .file())
        var models: [String] = []

        @Option(help: "Take models over from ollama, hf-cache or lmstudio; safetensors converts a directory.")
        private var from: ImportSource?

        @Flag(help: "With --from: every model.")
        var all = false

        @Option(help: "The name that the model gets here; for one model.")
        var name: String?

        @Option(help: "An id of Bedrock or a pattern that it answers for; for one model; may be repeated.")
        var alias: [String] = []

        @Flag(help: "Copy, so that a later change of the original changes nothing here.")
        var copy = false

        @Flag(help: "Replace a model of that name.")
        var replace = false

        @Option(help: "How the result is written.")
        var output: OutputFormat = .text

        private var aliases: [String] { self.alias.map(AliasPattern.plain) }

        func run() async throws {
            let registry = try self.directory.registry()
            for alias in self.aliases { try orExit { () throws(RegistryError) in try registry.checkAlias(alias) } }
            guard self.from != .safetensors else { return try self.convert(registry) }
            let found = try self.found()
            if self.from != nil, self.models.isEmpty, !self.all { return self.list(found) }
            guard found.count == 1 || (self.name == nil && self.alias.isEmpty) else {
                throw Exit.failure(.usage, "these are \(found.count) models; --name and --alias are for one")
            }
            var failed = 0
            for model in found {
                do {
                    try self.take(model, registry)
                } catch let code as ExitCode {
                    guard found.count > 1 else { throw code }
                    failed += 1
                }
            }
            guard failed == 0 else {
                throw Exit.failure(.damagedData, "\(failed) of \(found.count) models were not taken up")
            }
        }

        private func found() throws -> [FoundModel] {
            guard let program = self.from?.program else {
                guard !self.models.isEmpty else {
                    throw Exit.failure(
                        .usage, "name a .gguf file, or another program with --from ollama, hf-cache or lmstudio")
                }
                return try orExit { () throws(RegistryError) in try FoundModel.models(at: self.models) }
            }
            let there = try orExit { () throws(RegistryError) in try program.models(ProcessEnvironment.variables) }
            guard !self.models.isEmpty else { return there }
            return try self.models.map { wanted in
                let fitting = there.filter {
                    $0.title == wanted || $0.suggestedName == wanted || $0.title == "\(wanted):latest"
                }
                guard let model = fitting.first else {
                    throw Exit.failure(
                        .noSuchThing,
                        "\(program.rawValue) has no model \(wanted); `brume model import --from \(program.rawValue)` "
                            + "shows which it has")
                }
                return model
            }
        }

        private func list(_ found: [FoundModel]) {
            switch self.output {
            case .text:
                let rows = found.map { [$0.title, ByteCount.text($0.bytes), $0.suggestedName] }
                for line in TextTable.lines([["MODEL", "SIZE", "NAME HERE"]] + rows) { Terminal.output(line) }
            case .json:
                let rows = found.map { model in
                    "{\"model\":\(quoted(model.title)),\"bytes\":\(model.bytes),"
                        + "\"name\":\(quoted(model.suggestedName))}"
                }
                Terminal.output("{\"models\":[\(rows.joined(separator: ","))]}")
            }
        }

        private func take(_ model: FoundModel, _ registry: ModelRegistry) throws {
            let display = TransferDisplay()
            defer { display.finish() }
            let outcome = try orExit { () throws(RegistryError) in
                defer { display.finish() }
                return try ModelImport(registry: registry).run(
                    model, name: self.name ?? model.suggestedName, manner: self.copy ? .copy : .link,
                    replaces: self.replace
                ) { display.show($0) }
            }
            try self.conclude(outcome, outcome.copiedBytes == 0 ? "linked" : "copied", registry)
        }

        private func conclude(_ outcome: ModelImport.Outcome, _ how: String, _ registry: ModelRegistry) throws {
            for alias in self.aliases {
                try orExit { () throws(RegistryError) in try registry.alias(alias, to: outcome.record.name) }
            }
            switch self.output {
            case .text:
                Terminal.output("\(outcome.record.name) is here: \(ByteCount.text(outcome.record.bytes)), \(how)")
            case .json: Terminal.output(outcome.record.json)
            }
        }

        /// An embedding model of BERT's kind, from the files that Hugging Face's libraries keep.
        private func convert(_ registry: ModelRegistry) throws {
            guard self.models.count == 1, !self.all else {
                throw Exit.failure(
                    .usage, "--from safetensors takes a directory with config.json and model.safetensors")
            }
            guard let name = self.name else {
                throw Exit.failure(.usage, "name the model with --name; a directory's name says little")
            }
            let outcome = try orExit { () throws(RegistryError) in
                try ModelImport(registry: registry).convert(
                    directory: self.models[0], name: name, replaces: self.replace)
            }
            try self.conclude(outcome, "converted", registry)
        }
    }
}
