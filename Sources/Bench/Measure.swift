internal import ArgumentParser
internal import Foundation

/// `Bench measure`, the default: runs every row once a round, round after round, and prints medians with their spread.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure and report.")

    /// A server that is sampled for less answers too few requests for a 99th percentile.
    static let smokeSeconds = 0.1

    @Option(help: ArgumentHelp("Where to write the figures as JSON.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("An earlier --json file to print the ratio to.", valueName: "file"))
    var compare: String?

    @Option(help: "How often each row is sampled.")
    var rounds = 5

    @Option(help: "How long one sample takes.")
    var seconds = 1.0

    @Option(parsing: .upToNextOption, help: "Rows to run: those whose name contains one of these.")
    var only: [String] = []

    @Option(help: "Numbers of concurrent connections, and of concurrent commits.")
    var connections = ConnectionCounts([1, 16, 64])

    @Option(help: ArgumentHelp("Where data are written (default: beside this program).", valueName: "directory"))
    var directory: String?

    @Flag(help: "One round of short samples: shows that everything runs, judges nothing.")
    var smoke = false

    func validate() throws {
        guard (1...100).contains(self.rounds) else { throw ValidationError("--rounds takes 1 to 100") }
        guard (0.05...60).contains(self.seconds) else { throw ValidationError("--seconds takes 0.05 to 60") }
    }

    func run() async throws {
        // Before anything is measured: a file that cannot be read must not cost the whole run.
        let earlier = try self.compare.map(Report.read)
        let signals = Cleanup.shared.listen()
        defer {
            Cleanup.shared.run()
            for signal in signals { signal.cancel() }
        }
        let seconds = self.smoke ? Self.smokeSeconds : self.seconds
        let rounds = self.smoke ? 1 : self.rounds
        let pinning = Pinning.choose()
        let folder = try TemporaryFolder(in: self.directory ?? Executable.folder)
        let workbench = try await Workbench(
            folder: folder, pinning: pinning, connectionCounts: self.connections.values, only: self.only)
        let rows = try await workbench.sample(rounds: rounds, seconds: seconds)
        await workbench.close()
        let report = Report(
            conditions: Conditions.here(rounds: rounds, seconds: seconds, pinning: pinning, rows: rows),
            rows: rows,
            bars: Bar.all.map { $0.judged(rows) }
        )
        print(ReportText.text(report))
        if let earlier { print(ComparisonText.text(report, earlier: earlier)) }
        if let json = self.json {
            try report.write(to: json)
            print("figures written to \(json)")
        }
    }
}

/// The numbers of `--connections`, such as `1,16,64`.
struct ConnectionCounts: ExpressibleByArgument {
    /// Enough to show queueing; each connection is a file descriptor here and one in the server.
    static let countMax = 512

    let values: [Int]

    init(_ values: [Int]) {
        self.values = values
    }

    init?(argument: String) {
        let values = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard !values.isEmpty, values.allSatisfy((1...Self.countMax).contains) else { return nil }
        self.values = values
    }

    var defaultValueDescription: String { self.values.map(String.init).joined(separator: ",") }
}
