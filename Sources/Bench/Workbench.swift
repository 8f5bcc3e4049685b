internal import Foundation

/// Everything a run measures, started once and sampled in turn.
struct Workbench {
    /// Progress is said this often, so that a short run's output stays short.
    private static let silence = Duration.seconds(2)

    private let measurements: [any Measurement]
    private let store: StoreBench?

    /// Starts what the chosen rows need.
    /// - Parameters:
    ///   - folder: for the data of the server and of the store.
    ///   - pinning: which core serves and which one asks.
    ///   - connectionCounts: each row over the wire is run with each of these.
    ///   - only: parts of the names to run; empty for all.
    /// - Throws: when a server does not start, or no row is left to run.
    init(folder: TemporaryFolder, pinning: Pinning, connectionCounts: [Int], only: [String]) async throws {
        func isWanted(_ name: String) -> Bool {
            only.isEmpty || only.contains { name.lowercased().contains($0.lowercased()) }
        }
        var measurements: [any Measurement] = []
        if WireBench.names.contains(where: isWanted) {
            let wire = try WireBench(folder: folder, pinning: pinning)
            measurements += wire.measurements(connectionCounts: connectionCounts)
        }
        if StoreBench.names.contains(where: isWanted) {
            let store = try await StoreBench(folder: folder, pinning: pinning)
            measurements += store.measurements(writerCounts: connectionCounts)
            self.store = store
        } else {
            self.store = nil
        }
        measurements.append(DiskMeasurement(path: folder.path + "/sync"))
        measurements += try CodecMeasurement.all()
        measurements += try SignatureMeasurement.all()
        self.measurements = measurements.filter { isWanted($0.name) }
        guard !self.measurements.isEmpty else {
            throw BenchError("no row's name contains \(only.joined(separator: " or "))")
        }
    }

    func sample(rounds: Int, seconds: Double) async throws -> [Row] {
        try await Self.sample(self.measurements, rounds: rounds, seconds: seconds)
    }

    /// Samples every row once a round, so that what disturbs the machine for a while disturbs all rows alike.
    static func sample(_ measurements: [any Measurement], rounds: Int, seconds: Double) async throws -> [Row] {
        var rows = measurements.map { Row(name: $0.name, concurrency: $0.concurrency) }
        let clock = ContinuousClock()
        var saidAt = clock.now
        for round in 1...rounds {
            for (index, measurement) in measurements.enumerated() {
                if saidAt.duration(to: clock.now) > self.silence {
                    saidAt = clock.now
                    Progress.say("round \(round) of \(rounds), row \(index + 1) of \(rows.count): \(rows[index].title)")
                }
                rows[index].append(try await measurement.sample(seconds: seconds))
            }
        }
        Progress.end()
        return rows
    }

    func close() async {
        await self.store?.close()
    }
}
