#if Postgres
internal import ArgumentParser
internal import Foundation
internal import KeyValue
internal import PostgresStore

/// `Bench postgres`: commits of the shared store beside what pgbench makes of the same statements.
struct Postgres: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postgres",
        abstract: "Measure commits of PostgresStore beside pgbench with the same statements and clients.",
        discussion: "Run it in the repository: it starts a PostgreSQL of its own by Scripts/postgres.")

    /// What the store reaches of pgbench's rate, at least.
    static let ratioMin = 0.8

    @Option(help: "How often each row is sampled.")
    var rounds = 5

    @Option(help: "How long one sample takes, in whole seconds.")
    var seconds = 2

    @Option(help: "Numbers of clients.")
    var clients = ConnectionCounts([1, 8, 64])

    @Option(help: ArgumentHelp("Where data are written; its path is short.", valueName: "directory"))
    var directory = "/tmp"

    func validate() throws {
        guard (1...100).contains(self.rounds) else { throw ValidationError("--rounds takes 1 to 100") }
        guard (1...60).contains(self.seconds) else { throw ValidationError("--seconds takes 1 to 60") }
    }

    func run() async throws {
        let signals = Cleanup.shared.listen()
        defer {
            Cleanup.shared.run()
            for signal in signals { signal.cancel() }
        }
        let server = try PostgresProcess(in: self.directory)
        defer { server.stop() }
        var rows: [StoreComparison] = []
        for count in self.clients.values {
            rows.append(StoreComparison(name: "one store, several writers", clients: count, stores: 1))
            // A store holds nine connections; a server of many stores is a fleet that nobody has.
            if (2...16).contains(count) {
                rows.append(StoreComparison(name: "several stores, one writer each", clients: count, stores: count))
            }
        }
        let bench = PgBench(server: server, seconds: self.seconds)
        for round in 1...self.rounds {
            for index in rows.indices {
                let row = rows[index]
                let storeRate = try await StoreLoad.sample(server, row, seconds: Double(self.seconds))
                try rows[index].add(store: storeRate, pgbench: try bench.sample(clients: row.clients))
            }
            FileHandle.standardError.write(Data("round \(round) of \(self.rounds)\n".utf8))
        }
        print(StoreComparison.table(rows))
    }
}

/// One row: the store and pgbench, sampled one after the other in each round.
struct StoreComparison {
    let name: String
    let clients: Int
    let stores: Int
    private var storeRates: [Double] = []
    private var benchRates: [Double] = []
    private var ratios: [Double] = []

    init(name: String, clients: Int, stores: Int) {
        (self.name, self.clients, self.stores) = (name, clients, stores)
    }

    mutating func add(store: Double, pgbench: Double) throws {
        guard store > 0, pgbench > 0 else { throw BenchError("nothing was committed") }
        self.storeRates.append(store)
        self.benchRates.append(pgbench)
        self.ratios.append(store / pgbench)
    }

    static func table(_ rows: [StoreComparison]) -> String {
        let lines = rows.map { row in
            let ratio = Spread(row.ratios)
            return [
                row.name, "\(row.clients)", Spread(row.storeRates)?.text ?? "", Spread(row.benchRates)?.text ?? "",
                ratio?.text ?? "", (ratio?.median ?? 0) >= Postgres.ratioMin ? "met" : "NOT MET",
            ]
        }
        let head = ["commits of 1 KB", "clients", "store/s", "pgbench/s", "ratio, at least \(Postgres.ratioMin)", ""]
        return ReportText.aligned([head] + lines)
    }
}

/// The store's side: writers that commit a value of 1 KB over a key of their own, each after the other's end.
enum StoreLoad {
    static let valueBytes = 1024

    static func sample(_ server: PostgresProcess, _ row: StoreComparison, seconds: Double) async throws -> Double {
        let stores = try (0..<row.stores).map { _ in try PostgresStore(server.options) }
        // Connected, and with plans, as pgbench is when its time begins.
        for store in stores { try await store.commit(Self.batch(0, 0)) }
        let begin = monotonicNanoseconds()
        let end = begin + Int64(seconds * 1e9)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<row.clients {
                let store = stores[writer % stores.count]
                group.addTask { try await Self.write(store, writer: writer, until: end) }
            }
            return try await group.reduce(0, +)
        }
        let elapsed = monotonicNanoseconds() - begin
        for store in stores { await store.close() }
        return Double(count) / (Double(elapsed) / 1e9)
    }

    @concurrent
    private static func write(_ store: PostgresStore, writer: Int, until end: Int64) async throws -> Int {
        var count = 0
        while monotonicNanoseconds() < end {
            try await store.commit(Self.batch(writer, count))
            count += 1
        }
        return count
    }

    private static func batch(_ writer: Int, _ number: Int) -> Batch {
        var value = [UInt8](repeating: 0x61, count: Self.valueBytes)
        value[0] = UInt8(truncatingIfNeeded: number)
        let key = [0, 0, 0, 0, 0, 0, UInt8(writer >> 8 & 0xFF), UInt8(writer & 0xFF)] as [UInt8]
        return Batch(writes: [.set(key, value)])
    }
}
#endif
