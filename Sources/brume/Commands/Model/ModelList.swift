internal import ArgumentParser
internal import Inference
internal import Server

extension Model {
    /// `brume model list`: the models of this machine, or those that can be fetched by a short name.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List models and aliases.", usage: "brume model list [<options>]")

        @OptionGroup var directory: DirectoryOptions

        @Flag(help: "List the models that can be pulled by a short name.")
        var catalogue = false

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            guard !self.catalogue else { return self.listCatalogue() }
            let registry = try self.directory.registry()
            let listing = try orExit { () throws(RegistryError) in try registry.list() }
            let running = try await ServerModels.asked(self.directory.loadToList())
            switch self.output {
            case .text: self.write(listing, running)
            case .json:
                let configured = running.configured.map { model in
                    model.json(isPinned: listing.pins.contains(model.name))
                }.joined(separator: ",")
                let loaded = running.loaded.map(\.json).joined(separator: ",")
                let models = listing.models.map(\.json).joined(separator: ",")
                let aliases = listing.aliases.map(\.json).joined(separator: ",")
                let damage = listing.damage.map(quoted).joined(separator: ",")
                Terminal.output(
                    "{\"models\":[\(models)],\"configured\":[\(configured)],\"aliases\":[\(aliases)],"
                        + "\"loaded\":[\(loaded)],\"damage\":[\(damage)]}")
            }
            for sentence in listing.damage { Terminal.error("brume: \(sentence)") }
            if !listing.damage.isEmpty { throw ExitCode(Exit.damagedData.rawValue) }
        }

        private func write(_ listing: RegistryListing, _ running: ServerModels) {
            var rows = [["NAME", "KIND", "SIZE", "QUANTISATION", "CONTEXT", "PINNED", "STATE"]]
            let loaded = Dictionary(running.loaded.map { ($0.name, $0) }) { first, _ in first }
            rows += listing.models.map { model in
                [
                    model.name, model.kind.rawValue, ByteCount.text(model.bytes), model.facts.quantisation ?? "-",
                    model.facts.contextTokensMax.map(String.init) ?? "-", model.isPinned ? "yes" : "-",
                    Self.state(loaded[model.name]),
                ]
            }
            rows += running.configured.map { model in
                [
                    model.name, model.kind ?? "-", model.place, "-", "-",
                    listing.pins.contains(model.name) ? "yes" : "-", Self.state(loaded[model.name]),
                ]
            }
            rows.append([EchoModel.name, "chat", "built in", "-", String(EchoModel.contextTokensMax), "-", "-"])
            for line in TextTable.lines(rows) { Terminal.output(line) }
            guard !listing.aliases.isEmpty else { return }
            Terminal.output("")
            for line in TextTable.lines([["ALIAS", "MODEL"]] + listing.aliases.map { [$0.pattern, $0.model] }) {
                Terminal.output(line)
            }
        }

        /// Such as `ready: 2 slots of 4096 tokens, 1.2 GiB`.
        private static func state(_ model: LoadedModel?) -> String {
            guard let model else { return "-" }
            guard let start = model.start else { return model.state }
            return "\(model.state): \(PlanText.slots(start.slots)) of \(start.contextTokens) tokens, \(start.memory)"
        }

        private func listCatalogue() {
            switch self.output {
            case .text:
                var rows = [["NAME", "KIND", "SIZE", "CARD", "LICENCE", "NOTES"]]
                rows += OpenModel.all.map { model in
                    [
                        model.name, model.kind.rawValue, ByteCount.text(model.bytes), "\(model.cardGiB) GiB",
                        model.license, model.note,
                    ]
                }
                for line in TextTable.lines(rows) { Terminal.output(line) }
                Terminal.output("")
                Terminal.output("As of \(OpenModel.listDate). Fetch one with: brume model pull <name>")
            case .json:
                let rows = OpenModel.all.map { model in
                    "{\"name\":\(quoted(model.name)),\"title\":\(quoted(model.title)),"
                        + "\"kind\":\(quoted(model.kind.rawValue)),\"images\":\(model.sees),"
                        + "\"reference\":\(quoted(model.reference)),\"bytes\":\(model.bytes),"
                        + "\"cardGiB\":\(model.cardGiB),\"license\":\(quoted(model.license)),"
                        + "\"openSource\":\(model.isOpenSource),\"note\":\(quoted(model.note))}"
                }
                Terminal.output("{\"date\":\(quoted(OpenModel.listDate)),\"models\":[\(rows.joined(separator: ","))]}")
            }
        }
    }
}

extension ConfiguredModel {
    /// As one line of JSON, for programs.
    func json(isPinned: Bool) -> String {
        "{\"name\":\(quoted(self.name)),\"place\":\(quoted(self.place)),"
            + "\"kind\":\(self.kind.map(quoted) ?? "null"),\"pinned\":\(isPinned)}"
    }
}
