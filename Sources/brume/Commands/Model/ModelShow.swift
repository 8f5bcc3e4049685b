internal import ArgumentParser
internal import Inference

extension Model {
    /// `brume model show`: everything that is known of a model here.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what is known of a model.")

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "A name or an alias.")
        var name: String

        @Flag(help: "Read every byte and compare it with what it must be.")
        var verify = false

        @Option(help: "text or json.")
        var output: OutputFormat = .text

        func run() async throws {
            let registry = try self.directory.registry()
            let record = try orExit { () throws(RegistryError) in try registry.model(self.name) }
            switch self.output {
            case .text: self.write(record, registry)
            case .json: Terminal.output(record.json)
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
            if self.output == .text { Terminal.output("every byte is what it must be") }
        }

        private func write(_ record: ModelRecord, _ registry: ModelRegistry) {
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
            if !aliases.isEmpty { rows.append(["aliases", aliases.joined(separator: ", ")]) }
            for file in record.files {
                rows.append([file.role.rawValue, "\(file.name), \(ByteCount.text(file.bytes))"])
                rows.append(["", registry.blobPath(file.digest)])
            }
            for line in TextTable.lines(rows) { Terminal.output(line) }
        }
    }
}
