#if Postgres
internal import Foundation
internal import PostgresStore
internal import Primitives

/// A PostgreSQL of the run's own, started by `Scripts/postgres`; it ends with this process.
final class PostgresProcess {
    let folder: String
    let options: PostgresOptions
    private let process = Process()
    private let input = Pipe()

    init(in directory: String) throws {
        self.folder = try TemporaryFolder(in: directory).path
        let host = self.folder.replacingOccurrences(of: "/", with: "%2F")
        self.options = PostgresOptions(url: "postgres://brume@/postgres?host=\(host)")
        let output = Pipe()
        self.process.executableURL = URL(fileURLWithPath: "Scripts/postgres")
        self.process.arguments = [self.folder]
        self.process.standardInput = self.input
        self.process.standardOutput = output
        try self.process.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard said.hasPrefix("ready ") else { throw BenchError("PostgreSQL did not start") }
    }

    func stop() {
        self.input.fileHandleForWriting.closeFile()
        self.process.waitUntilExit()
    }
}

/// pgbench with the statements of the store: each client commits a value of 1 KB over a key of its own, again and
/// again, in one pipeline with prepared statements, as the store does.
struct PgBench {
    /// Beyond those that the store takes by chance, nearly surely.
    private static let firstWriter = 1000

    let server: PostgresProcess
    let seconds: Int

    /// - Returns: commits in a second.
    func sample(clients: Int) throws -> Double {
        let script = self.server.folder + "/commit.sql"
        try Self.script(self.server.options).write(toFile: script, atomically: true, encoding: .utf8)
        _ = try self.run(
            "psql",
            [
                "-d", "postgres", "-qc",
                """
                INSERT INTO brume.writer SELECT \(Self.firstWriter) + n, 1, 0, 0, 0, '{}', now()
                FROM generate_series(0, \(clients - 1)) n ON CONFLICT DO NOTHING
                """,
            ])
        let value = String(repeating: "61", count: StoreLoad.valueBytes)
        let said = try self.run(
            "pgbench",
            [
                "-n", "-M", "prepared", "-c", "\(clients)", "-j", "\(min(clients, 2))", "-T", "\(self.seconds)",
                "-f", script, "-D", "number=0", "-D", "none={}", "-D", "value={\"\\\\x\(value)\"}", "postgres",
            ])
        guard let line = said.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
            let rate = Double(line.dropFirst(6).prefix { $0 != " " })
        else { throw BenchError("pgbench gave no rate:\n\(said)") }
        return rate
    }

    /// Parameters as pgbench's variables; lists of one element for what is written, empty ones for the rest.
    private static func script(_ options: PostgresOptions) -> String {
        let now = options.clock.now().millisecondsSinceEpoch
        var statements = PostgresStore.commitSQL(options)
        let written = [
            1: ":writer", 2: "1", 3: ":number", 4: "\(now)", 5: "1", 22: "ARRAY[1]", 23: "ARRAY[int8send(:key)]",
            24: ":value", 25: "ARRAY[NULL]", 26: "ARRAY[NULL]",
        ]
        // From the greatest number: $3 is the beginning of $30.
        for number in stride(from: 30, through: 1, by: -1) {
            statements[2] = statements[2].replacingOccurrences(
                of: "$\(number)::", with: "\(written[number] ?? ":none")::")
        }
        return """
            \\set writer \(Self.firstWriter) + :client_id
            \\set key :client_id
            \\set number :number + 1
            \\startpipeline
            \(statements.joined(separator: ";\n"));
            \\endpipeline
            """
    }

    private func run(_ program: String, _ words: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try Self.path(of: program))
        process.arguments = ["-h", self.server.folder, "-U", "brume"] + words
        process.environment = ["PGOPTIONS": Self.settings(self.server.options), "LC_ALL": "C"]
        process.standardOutput = output
        Self.unblockAlarm()
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("\(program) failed:\n\(said)") }
        return said
    }

    /// pgbench ends by it, and a child is born with the blocked signals of the thread that makes it.
    private static func unblockAlarm() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGALRM)
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// What the store's sessions set, as a client says it when it connects.
    private static func settings(_ options: PostgresOptions) -> String {
        PostgresStore.sessionSQL(options).split(separator: ";").compactMap { part in
            let words = part.split(whereSeparator: { " \n".contains($0) })
            return words.count == 4 && words[0] == "SET" ? "-c \(words[1])=\(words[3])" : nil
        }.joined(separator: " ")
    }

    /// Debian keeps pgbench out of PATH.
    private static func path(of program: String) throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().reversed()
        let places = versions.map { "\(root)/\($0)/bin/\(program)" } + ["/usr/bin/\(program)"]
        guard let path = places.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw BenchError("\(program) is missing: Scripts/install-dependencies postgres installs PostgreSQL")
        }
        return path
    }
}
#endif
