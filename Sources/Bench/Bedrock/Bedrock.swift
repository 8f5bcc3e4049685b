internal import ArgumentParser
internal import Foundation

/// `Bench bedrock`: what Brume costs between a client and an engine, in pairs of samples with and without it.
struct Bedrock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure tokens a second through Brume beside the same engine direct.",
        discussion: "docs/benchmarks.md says how the models are made, and what the figures mean.")

    /// Fewer pairs give no bound that means anything.
    static let pairsMin = 20

    @Option(help: ArgumentHelp("llama.cpp's server.", valueName: "program"))
    var engine: String

    @Option(
        help: ArgumentHelp("A model's name and file, such as 5M=/tmp/5m.gguf; may be repeated.", valueName: "name=file")
    )
    var model: [String]

    @Option(
        help: ArgumentHelp(
            "Whether Brume starts the engine or knows it as a server elsewhere.", valueName: "setup"))
    var setup = EngineBench.Setup.elsewhere

    @Option(help: "Numbers of answers that are streamed at once.")
    var streams = ConnectionCounts([1, 4, 8])

    @Option(help: "Pairs of samples, one direct and one through Brume.")
    var pairs = 24

    @Option(help: "How long one sample takes.")
    var seconds = 1.0

    @Option(help: ArgumentHelp("Where to write the figures as JSON.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Where data are written (default: beside this program).", valueName: "directory"))
    var directory: String?

    @Flag(help: "Two pairs of short samples: shows that everything runs, judges nothing.")
    var smoke = false

    func validate() throws {
        guard (1...1000).contains(self.pairs) else { throw ValidationError("--pairs takes 1 to 1000") }
        guard (0.05...60).contains(self.seconds) else { throw ValidationError("--seconds takes 0.05 to 60") }
        guard self.smoke || self.pairs >= Self.pairsMin else {
            throw ValidationError("--pairs takes \(Self.pairsMin) and more: fewer give no bound")
        }
        guard !self.model.isEmpty, self.model.allSatisfy({ $0.split(separator: "=", maxSplits: 1).count == 2 }) else {
            throw ValidationError("--model takes name=file")
        }
    }

    func run() async throws {
        let signals = Cleanup.shared.listen()
        defer {
            Cleanup.shared.run()
            for signal in signals { signal.cancel() }
        }
        let pairs = self.smoke ? 2 : self.pairs
        let seconds = self.smoke ? 0.3 : self.seconds
        let folder = try TemporaryFolder(in: self.directory ?? Executable.folder)
        var results: [PairedResult] = []
        for entry in self.model {
            let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
            let slots = self.streams.values.max() ?? 1
            let bench = try EngineBench(
                self.setup, name: parts[0], model: parts[1], engine: self.engine, slots: slots, folder: folder)
            for streams in self.streams.values {
                results.append(try bench.measure(streams: streams, pairs: pairs, seconds: seconds))
            }
            bench.stop()
        }
        Progress.end()
        print(PairedResult.text(results, isJudged: !self.smoke))
        guard let json = self.json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(results).write(to: URL(fileURLWithPath: json))
        print("figures written to \(json)")
    }
}

extension EngineBench.Setup: ExpressibleByArgument {}
