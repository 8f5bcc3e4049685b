import Foundation
import Synchronization

/// A PostgreSQL of the tests' own, started by `Scripts/postgres`; it ends with this process.
final class PostgresServer: Sendable {
    /// How the start of the server that tests share went.
    private static let started = Result { try PostgresServer() }

    /// Whether this machine has a PostgreSQL. One that is there and does not start fails the tests.
    static var isInstalled: Bool {
        if case .failure(let error) = self.started, error is NotInstalled { return false }
        return true
    }

    /// The server that tests share.
    static func shared() throws -> PostgresServer { try self.started.get() }

    struct NotInstalled: Error {}
    struct Failed: Error { let said: String }

    let folder: String
    private let process = Mutex<Process?>(nil)
    private let paused = Mutex<[pid_t]>([])
    private let remover = Process()

    init() throws {
        self.folder = "/tmp/brume-pg-\(UUID().uuidString.prefix(8).lowercased())"
        try Self.start(self.remover, of: self.folder)
        try self.start()
    }

    /// Starts what removes the folder when this process has ended, in whatever way, and its server too.
    private static func start(_ remover: Process, of folder: String) throws {
        remover.executableURL = URL(fileURLWithPath: "/bin/sh")
        remover.arguments = [
            "-c",
            #"""
            trap '' INT TERM HUP
            cat
            tenths=0
            while [ "$tenths" -lt 100 ] && kill -0 "$(head -n 1 "$0/data/postmaster.pid")"; do
                sleep 0.1
                tenths=$((tenths + 1))
            done
            rm -rf "$0"
            """#, folder,
        ]
        remover.standardInput = Pipe()
        // Whoever reads what the tests say need not wait for it.
        remover.standardOutput = FileHandle.nullDevice
        remover.standardError = FileHandle.nullDevice
        try remover.run()
    }

    func start() throws {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = Self.script
        process.arguments = [self.folder]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard said.hasPrefix("ready ") else {
            process.waitUntilExit()
            if process.terminationStatus == 3 { throw NotInstalled() }
            throw Failed(said: said)
        }
        self.process.withLock { $0 = process }
    }

    private func processID() throws -> pid_t {
        let file = try String(contentsOfFile: self.folder + "/data/postmaster.pid", encoding: .utf8)
        guard let line = file.split(separator: "\n").first, let server = pid_t(line) else { throw Failed(said: file) }
        return server
    }

    /// Lets the server accept connections, and say nothing on any until `resume`; `name` tells whose, as in `url`.
    func pause(_ name: String) throws {
        let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = '\(name)'"
        let connections = try self.query(sql).split(separator: "\n").compactMap { pid_t($0) }
        let processes = try [self.processID()] + connections
        self.paused.withLock { $0 = processes }
        for process in processes { Glibc.kill(process, SIGSTOP) }
    }

    func resume() {
        let processes = self.paused.withLock { paused in
            defer { paused = [] }
            return paused
        }
        for process in processes { Glibc.kill(process, SIGCONT) }
    }

    /// Ends the server as a power cut would, without letting it finish anything.
    func kill() throws {
        let server = try self.processID()
        // The server's own processes end when they see that it is gone.
        Glibc.kill(server, SIGKILL)
        self.process.withLock { process in
            (process?.standardInput as? Pipe)?.fileHandleForWriting.closeFile()
            process?.waitUntilExit()
            process = nil
        }
    }

    /// A connection URL; `name` tells a test's connections from those of others.
    func url(_ name: String) -> String {
        let host = self.folder.replacingOccurrences(of: "/", with: "%2F")
        return "postgres://brume@/postgres?host=\(host)&application_name=\(name)"
    }

    /// What `psql` answers to one statement.
    @discardableResult
    func query(_ sql: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["psql", "-h", self.folder, "-U", "brume", "-d", "postgres", "-qAt", "-c", sql]
        process.standardOutput = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(said: sql) }
        return String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static let script: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scripts/postgres")
}
