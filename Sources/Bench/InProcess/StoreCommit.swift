internal import ArgumentParser
internal import Foundation
internal import KeyValue
internal import RocksDBStore

/// Durable commits of one value of 1 KB from a number of writers, each of which waits for its own; in a process of its
/// own, on the core of the servers.
struct StoreCommitMeasurement: Measurement {
    let folder: TemporaryFolder
    let core: Int?
    let writerCount: Int

    var name: String { StoreBench.commitName }
    var concurrency: Int? { self.writerCount }

    func sample(seconds: Double) async throws -> [Metric: Double] {
        let process = try ServerProcess(
            name: "commit",
            command: [
                Executable.path, "commit", "--path", self.folder.path + "/commits", "--writers", "\(self.writerCount)",
                "--seconds", "\(seconds)",
            ],
            environment: [:],
            folder: self.folder,
            core: self.core
        )
        defer { Cleanup.shared.end(process: process.processID) }
        let line = try process.line(after: StoreCommit.readyPrefix, seconds: seconds + ServerProcess.startSecondsMax)
        return try JSONDecoder().decode([Metric: Double].self, from: Data(line.utf8))
    }
}

/// `Bench commit`: one sample of the committer alone, printed as JSON.
struct StoreCommit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Commit values of 1 KB for a while.", shouldDisplay: false)

    /// The line that holds the figures.
    static let readyPrefix = "metrics "

    @Option(help: "The store, made when it is missing.")
    var path: String

    @Option(help: "Writers at once.")
    var writers: Int

    @Option(help: "How long they write.")
    var seconds: Double

    func run() async throws {
        let store = try RocksDBStore(path: self.path)
        let metrics = try await self.sample(store)
        await store.close()
        let json = String(decoding: try JSONEncoder().encode(metrics), as: UTF8.self)
        try writeLine(Self.readyPrefix + json)
    }

    private func sample(_ store: RocksDBStore) async throws -> [Metric: Double] {
        let writerCount = self.writers
        let cpuAtStart = CPUClock.ownProcess.nanoseconds
        let begin = monotonicNanoseconds()
        let end = begin + Int64(self.seconds * 1e9)
        let latencies = try await withThrowingTaskGroup(of: Latencies.self) { group in
            for writer in 0..<writerCount {
                group.addTask { try await Self.write(store, writer: writer, of: writerCount, until: end) }
            }
            var all = Latencies()
            for try await part in group { all.append(contentsOf: part) }
            return all
        }
        let elapsed = monotonicNanoseconds() - begin
        var metrics = latencies.metrics
        metrics[.perSecond] = Double(latencies.count) / (Double(elapsed) / 1e9)
        let cpu = CPUClock.ownProcess.nanoseconds - cpuAtStart
        metrics[.cpuMicroseconds] = Double(cpu) / Double(max(latencies.count, 1)) / 1000
        return metrics
    }

    /// Writers share no key, as the pool of requests over the wire has it nearly always.
    @concurrent
    private static func write(
        _ store: RocksDBStore, writer: Int, of writerCount: Int, until end: Int64
    ) async throws -> Latencies {
        var latencies = Latencies(reserving: 4096)
        var number = writer
        var begin = monotonicNanoseconds()
        while begin < end {
            try await store.commit(StoreBench.batch(number, counter: UInt64(bitPattern: begin)))
            let now = monotonicNanoseconds()
            latencies.append(now - begin)
            begin = now
            number += writerCount
            if number >= StoreBench.keyCount { number = writer }
        }
        return latencies
    }
}
