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
            abstract: "Import models that are already on this machine.",
            usage: "brume model import [<options>] [<models> ...]",
            discussion: """
                  brume model import ./model.gguf --alias 'anthropic.*'
                  brume model import --from ollama
                  brume model import --from ollama llama3.2
                  brume model import --from lmstudio --all

                Of a model in several files, name the first. --from without names lists the models of that program. \
                Files are hard-linked where the file system allows it, and take no additional space then.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "Paths of .gguf files or directories; with --from, model names.", completion: .file())
        var models: [String] = []

        @Option(
            help: ArgumentHelp(
                "Program to import models from; safetensors converts a directory with an embedding model.",
                valueName: "program"))
        private var from: ImportSource?

        @Flag(help: "Import every model of the --from program.")
        var all = false

        @Option(help: "Name of the model here, if it is only one.")
        var name: String?

        @Option(help: "Bedrock model ID or pattern to answer for, if it is only one model; may be repeated.")
        var alias: [String] = []

        @Flag(help: "Copy the files, so that later changes of the originals have no effect here.")
        var copy = false

        @Flag(help: "Replace an existing model of the same name.")
        var replace = false

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        private var aliases: [String] { self.alias.map(AliasPattern.plain) }

        func run() async throws {
            let registry = try self.directory.registry()
            for alias in self.aliases { try orExit { () throws(RegistryError) in try registry.checkAlias(alias) } }
            let display = TransferDisplay()
            guard self.from != .safetensors else { return try self.convert(registry, display) }
            let found = try self.found()
            if self.from != nil, self.models.isEmpty, !self.all { return self.list(found) }
            guard found.count == 1 || (self.name == nil && self.alias.isEmpty) else {
                throw Exit.failure(.usage, "--name and --alias are for one model, and these are \(found.count)")
            }
            Self.announce(
                found.count > 1 ? "models that are ready stay; run the same command again for the others" : nil,
                display)
            var failed = 0
            for model in found {
                do {
                    try self.take(model, registry, display)
                } catch let code as ExitCode {
                    guard found.count > 1 else { throw code }
                    failed += 1
                }
            }
            guard failed == 0 else {
                throw Exit.failure(.damagedData, "\(failed) of \(found.count) models were not imported")
            }
        }

        /// What Ctrl-C is answered with. The next import removes the unfinished files of this one.
        private static func announce(_ sentence: String?, _ display: TransferDisplay) {
            let sentence = sentence ?? "nothing was imported; run the same command again, which starts over"
            Interruption.announce { display.close("stopped; \(sentence)") }
        }

        private func found() throws -> [FoundModel] {
            guard let program = self.from?.program else {
                guard !self.models.isEmpty else {
                    throw Exit.failure(
                        .usage, "name a .gguf file, or a program with --from ollama, hf-cache or lmstudio")
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
                            + "lists its models")
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

        private func take(_ model: FoundModel, _ registry: ModelRegistry, _ display: TransferDisplay) throws {
            display.startOver()
            let outcome = try orExit { () throws(RegistryError) in
                defer { display.finish() }
                return try ModelImport(registry: registry).run(
                    model, name: self.name ?? model.suggestedName, method: self.copy ? .copy : .link,
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
                Terminal.output("\(outcome.record.name) is ready: \(ByteCount.text(outcome.record.bytes)), \(how)")
            case .json: Terminal.output(outcome.record.json)
            }
        }

        /// An embedding model of BERT's kind, from the files that Hugging Face's libraries keep.
        private func convert(_ registry: ModelRegistry, _ display: TransferDisplay) throws {
            guard self.models.count == 1, !self.all else {
                throw Exit.failure(
                    .usage, "--from safetensors takes a directory with config.json and model.safetensors")
            }
            guard let name = self.name else {
                throw Exit.failure(.usage, "--from safetensors requires --name: the directory does not name the model")
            }
            Self.announce(nil, display)
            let outcome = try orExit { () throws(RegistryError) in
                defer { display.finish() }
                return try ModelImport(registry: registry).convert(
                    directory: self.models[0], name: name, replaces: self.replace
                ) { display.show($0) }
            }
            try self.conclude(outcome, "converted", registry)
        }
    }
}
