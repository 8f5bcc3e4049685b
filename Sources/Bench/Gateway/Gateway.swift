internal import ArgumentParser
internal import Foundation

/// `Bench gateway`: what a gateway costs before the process that answers, beside that process asked directly.
struct Gateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure small requests, streams and long bodies through a gateway, and direct.",
        discussion: "docs/benchmarks.md says what the rows mean.")

    /// What the gateway's process may take of CPU for a small request.
    static let cpuMicrosecondsMax = 60.0
    /// What must be left of the rate of a stream, or of long bodies.
    static let streamRatioMin = 0.95

    @Option(help: ArgumentHelp("Where to write the figures as JSON.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("An earlier --json file to print the ratio to.", valueName: "file"))
    var compare: String?

    @Option(help: "How often each row is sampled.")
    var rounds = 9

    @Option(help: "How long one sample takes.")
    var seconds = 2.0

    @Option(help: "Numbers of connections that ask for items.")
    var connections = ConnectionCounts([1, 16, 64])

    @Option(help: "Numbers of answers that are streamed, and of long bodies that are sent, at once.")
    var streams = ConnectionCounts([1, 8])

    @Option(help: ArgumentHelp("Where data are written (default: beside this program).", valueName: "directory"))
    var directory: String?

    @Flag(help: "One round of short samples: shows that everything runs, judges nothing.")
    var smoke = false

    func validate() throws {
        guard (1...100).contains(self.rounds) else { throw ValidationError("--rounds takes 1 to 100") }
        guard (0.05...60).contains(self.seconds) else { throw ValidationError("--seconds takes 0.05 to 60") }
    }

    func run() async throws {
        let earlier = try self.compare.map(Report.read)
        let signals = Cleanup.shared.listen()
        defer {
            Cleanup.shared.run()
            for signal in signals { signal.cancel() }
        }
        let seconds = self.smoke ? Measure.smokeSeconds : self.seconds
        let rounds = self.smoke ? 1 : self.rounds
        let pinning = Pinning.choose()
        let folder = try TemporaryFolder(in: self.directory ?? Executable.folder)
        let items = try GatewayPair(name: "items", folder: folder, core: pinning.serverCore)
        let models = try GatewayPair(name: "models", folder: folder, core: nil)
        let measurements =
            try items.itemMeasurements(self.connections.values, loadCore: pinning.loadCore)
            + models.streamMeasurements(self.streams.values) + models.uploadMeasurements(self.streams.values)
            + [DiskMeasurement(path: folder.path + "/sync")]
        let rows = try await Workbench.sample(measurements, rounds: rounds, seconds: seconds)
        let report = Report(
            conditions: Conditions.here(rounds: rounds, seconds: seconds, pinning: pinning, rows: rows),
            rows: rows,
            bars: self.bars.map { $0.judged(rows) }
        )
        print(ReportText.text(report, barHeadings: ["bar", "µs or ratio"]))
        if let earlier { print(ComparisonText.text(report, earlier: earlier)) }
        guard let json = self.json else { return }
        try report.write(to: json)
        print("figures written to \(json)")
    }

    private var bars: [Bar] {
        let streams = self.streams.values.map { count in
            Bar(
                name: "stream through the gateway, \(count) at once: rate against direct",
                value: .init(row: GatewayPair.Way.through.streamName, metric: .perSecond),
                base: .init(row: GatewayPair.Way.direct.streamName, metric: .perSecond),
                limit: .atLeast(Self.streamRatioMin), concurrency: count)
        }
        let request = Bar(
            name: "GetItem through the gateway, \(Bar.concurrency) at once: CPU µs of the gateway",
            value: .init(row: GatewayPair.Way.through.itemName, metric: .cpuMicroseconds), base: nil,
            limit: .atMost(Self.cpuMicrosecondsMax))
        let uploads = self.streams.values.map { count in
            Bar(
                name: "8 MB upload through the gateway, \(count) at once: rate against direct",
                value: .init(row: GatewayPair.Way.through.uploadName, metric: .perSecond),
                base: .init(row: GatewayPair.Way.direct.uploadName, metric: .perSecond),
                limit: .atLeast(Self.streamRatioMin), concurrency: count)
        }
        return [request] + streams + uploads
    }
}
