internal import ArgumentParser
internal import Foundation

/// `Bench growth`: what operations cost in tables of growing size, all filled by imports.
struct Growth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth", abstract: "Import tables of growing size, and read them.")

    @Option(parsing: .upToNextOption, help: "Items of each table, each a multiple of ten.")
    var items = [10_000, 100_000]

    @Option(help: "How long one sample takes.")
    var seconds = 1.0

    @Option(help: ArgumentHelp("Where data are written (default: beside this program).", valueName: "directory"))
    var directory: String?

    func validate() throws {
        let isLawful = self.items.allSatisfy { (100...100_000_000).contains($0) && $0.isMultiple(of: 10) }
        guard isLawful, !self.items.isEmpty else {
            throw ValidationError("--items takes multiples of ten, from 100 to 100000000")
        }
    }

    func run() async throws {
        let signals = Cleanup.shared.listen()
        defer {
            Cleanup.shared.run()
            for signal in signals { signal.cancel() }
        }
        let pinning = Pinning.choose()
        let folder = try TemporaryFolder(in: self.directory ?? Executable.folder)
        let server = try WireBench.startServer(folder, core: pinning.serverCore)
        let head = ["items", "import /s", "GetItem µs", "Query of 10 µs", "first read +µs", "Scan MB/s", "RSS MiB"]
        var lines = [head]
        for count in self.items.sorted() {
            let row = GrowthRow(
                fixture: GrowthFixture(itemCount: count), server: server, pinning: pinning, seconds: self.seconds)
            lines.append(["\(count)"] + (try row.cells(objects: folder.path + "/data-brume/objects")))
            Progress.end()
        }
        print(ReportText.aligned(lines))
    }
}

/// One table: filled, then read in each way.
struct GrowthRow {
    /// Connections of the reads whose CPU is reported.
    private static let connectionCount = 64
    /// Keys read for the first time, one after the other.
    private static let firstReadCount = 500
    /// Of the table, for the rate of Scan: it fits in the server's block cache, which has 52 MiB by default.
    private static let scanBytesMax = 32 << 20
    private static let importSecondsMax = 3600.0

    let fixture: GrowthFixture
    let server: WireBench.Target
    let pinning: Pinning
    let seconds: Double

    func cells(objects: String) throws -> [String] {
        Progress.say("\(self.fixture.itemCount) items: import")
        let importRate = try self.importRate(objects)
        self.settle()
        Progress.say("\(self.fixture.itemCount) items: reads")
        let first = try self.firstReads()
        let get = try self.cpuMicroseconds("GetItem", self.fixture.workingSet.map(self.fixture.get))
        let query = try self.cpuMicroseconds("Query", self.fixture.workingSet.map(self.fixture.query))
        let scan = try self.scanRate()
        return ([importRate, get, query, first, scan].map { Spread.text($0) })
            + [self.residentMebibytes.map { Spread.text($0) } ?? ""]
    }

    /// Items a second, from the request to the import's end.
    private func importRate(_ objects: String) throws -> Double {
        let bucket = "\(objects)/\(GrowthFixture.bucket)"
        try FileManager.default.createDirectory(atPath: bucket, withIntermediateDirectories: true)
        let path = "\(bucket)/\(self.fixture.objectKey)"
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw BenchError("\(path) cannot be written") }
        for start in stride(from: 0, to: self.fixture.itemCount, by: 10_000) {
            let end = min(start + 10_000, self.fixture.itemCount)
            try file.write(contentsOf: Data((start..<end).map(self.fixture.importLine).joined().utf8))
        }
        try file.close()
        let connection = try LoadConnection(port: self.server.port)
        let begin = monotonicNanoseconds()
        let started = try self.exchange(connection, "ImportTable", self.fixture.startImport)
        guard let arn = Self.text(after: #""ImportArn":""#, in: started) else {
            throw BenchError("an import without an ARN:\n\(started)")
        }
        while true {
            let answer = try self.exchange(connection, "DescribeImport", #"{"ImportArn":"\#(arn)"}"#)
            if answer.contains(#""ImportStatus":"COMPLETED""#) { break }
            let elapsed = Double(monotonicNanoseconds() - begin) / 1e9
            guard answer.contains(#""ImportStatus":"IN_PROGRESS""#), elapsed < Self.importSecondsMax else {
                throw BenchError("the import did not end:\n\(answer)")
            }
            usleep(20_000)
        }
        return Double(self.fixture.itemCount) / (Double(monotonicNanoseconds() - begin) / 1e9)
    }

    /// Waits until the store has put in order what was imported: that is the import's work, and none of the reads'.
    private func settle() {
        guard let clock = self.server.process.cpuClock else { return }
        let deadline = monotonicNanoseconds() + Int64(Self.settleSecondsMax * 1e9)
        while monotonicNanoseconds() < deadline {
            let before = clock.nanoseconds
            usleep(Self.settleMicroseconds)
            let used = clock.nanoseconds - before
            if used < Int64(Self.settleMicroseconds) * 1000 / Self.idleShare { return }
        }
    }

    private static let settleSecondsMax = 300.0
    private static let settleMicroseconds: UInt32 = 1_000_000
    /// A server that takes less than this part of a core is idle.
    private static let idleShare: Int64 = 50

    /// CPU of the server for one request of a working set that is in its cache.
    private func cpuMicroseconds(_ operation: String, _ bodies: [String]) throws -> Double {
        let requests = try SignedRequests(operation, bodies: bodies, port: self.server.port).current()
        let generator = LoadGenerator(
            port: self.server.port, cpuClock: self.server.process.cpuClock, connectionCount: Self.connectionCount,
            hasOwnCore: self.pinning.loadCore != nil)
        // Each key once before: it is the cost of what is in the cache that must not grow.
        let connection = try LoadConnection(port: self.server.port)
        for request in requests { _ = try connection.exchange(request) }
        let sample = try Pinning.onCore(self.pinning.loadCore) { try generator.run(requests, seconds: self.seconds) }
        return sample.metrics[.cpuMicroseconds] ?? 0
    }

    /// How much longer one client waits, at the median, for an item that was not read before than for the same again.
    private func firstReads() throws -> Double {
        let step = max(1, self.fixture.itemCount / Self.firstReadCount)
        // Between those of the working set, in an order that no read-ahead guesses.
        let numbers = (0..<min(Self.firstReadCount, self.fixture.itemCount)).map {
            ($0 * 7919 % Self.firstReadCount * step + step / 2) % self.fixture.itemCount
        }
        let requests = try SignedRequests("GetItem", bodies: numbers.map(self.fixture.get), port: self.server.port)
        let connection = try LoadConnection(port: self.server.port)
        func median() throws -> Double {
            var latencies = Latencies()
            for request in try requests.current() {
                let begin = monotonicNanoseconds()
                _ = try connection.exchange(request)
                latencies.append(monotonicNanoseconds() - begin)
            }
            return latencies.metrics[.p50Microseconds] ?? 0
        }
        let first = try median()
        return first - (try median())
    }

    /// Megabytes of items that Scan reads in a second of the server's CPU, from a warm cache: the second pass counts.
    private func scanRate() throws -> Double {
        let connection = try LoadConnection(port: self.server.port)
        var rate = 0.0
        for _ in 0..<2 {
            let begin = self.server.process.cpuClock?.nanoseconds ?? monotonicNanoseconds()
            var bytes = 0
            var start: String?
            repeat {
                let answer = try self.exchange(connection, "Scan", self.fixture.scan(from: start))
                bytes += answer.utf8.count
                start = Self.text(after: #""LastEvaluatedKey":"#, in: answer).map { $0 + "}}" }
            } while start != nil && bytes < Self.scanBytesMax
            let end = self.server.process.cpuClock?.nanoseconds ?? monotonicNanoseconds()
            rate = Double(bytes) / 1e6 / (Double(end - begin) / 1e9)
        }
        return rate
    }

    private func exchange(_ connection: LoadConnection, _ operation: String, _ body: String) throws -> String {
        let request = try SignedRequests(operation, bodies: [body], port: self.server.port).current()[0]
        return String(decoding: try connection.exchange(request), as: UTF8.self)
    }

    /// What stands between a text and the next quote, or, for an object of two strings, its end.
    private static func text(after prefix: String, in answer: String) -> String? {
        guard let start = answer.range(of: prefix, options: .backwards)?.upperBound else { return nil }
        let end =
            prefix.hasSuffix("\"")
            ? answer[start...].firstIndex(of: "\"") : answer[start...].range(of: "}}")?.lowerBound
        return end.map { String(answer[start..<$0]) }
    }

    /// Memory of the server.
    private var residentMebibytes: Double? {
        guard
            let status = try? String(contentsOfFile: "/proc/\(self.server.process.processID)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).compactMap({ Double($0) }).first
        else { return nil }
        return kibibytes / 1024
    }
}
