internal import Foundation
internal import Signing

/// The rows over the wire: the server and the bare server, each in a process of its own.
struct WireBench {
    static let names = Scenario.allCases.flatMap { [$0.rowName] + ($0.hasBareTwin ? [$0.bareName] : []) }

    private let requests: [Scenario: SignedRequests]
    private let server: Target
    private let bare: [Scenario: Target]
    private let pinning: Pinning

    /// Where a scenario's requests go.
    struct Target {
        let process: ServerProcess
        let port: UInt16
    }

    /// Starts both servers, makes the table and its items, and teaches the bare server the server's answers.
    init(folder: TemporaryFolder, pinning: Pinning) throws {
        let server = try Self.startServer(folder, core: pinning.serverCore)
        self.server = server
        self.pinning = pinning
        self.requests = try Dictionary(
            uniqueKeysWithValues: Scenario.allCases.map { ($0, try $0.requests(port: server.port)) })
        try Self.prepare(port: server.port)
        var files: [String] = []
        for scenario in Scenario.allCases {
            let request = try self.requests[scenario]?.current().first ?? []
            let answer = try LoadConnection(port: server.port).exchange(request)
            guard String(decoding: answer, as: UTF8.self).contains(scenario.answerPart) else {
                throw BenchError("a wrong answer to \(scenario.operation):\n\(String(decoding: answer, as: UTF8.self))")
            }
            guard scenario.hasBareTwin else { continue }
            files.append("\(folder.path)/\(scenario.rowName).http")
            try Data(answer).write(to: URL(fileURLWithPath: files[files.count - 1]))
        }
        self.bare = try Self.startBare(Scenario.allCases.filter(\.hasBareTwin), files, folder, pinning)
    }

    /// One row for each scenario and number of connections; what is compared stands side by side.
    func measurements(connectionCounts: [Int]) -> [any Measurement] {
        connectionCounts.flatMap { count in
            Scenario.allCases.flatMap { scenario -> [WireMeasurement] in
                guard let requests = self.requests[scenario] else { return [] }
                let bare = self.bare[scenario].map { (scenario.bareName, $0) }
                return [bare, (scenario.rowName, self.server)].compactMap { $0 }.map { name, target in
                    WireMeasurement(
                        name: name, requests: requests, process: target.process, loadCore: self.pinning.loadCore,
                        generator: LoadGenerator(
                            port: target.port, cpuClock: target.process.cpuClock, connectionCount: count,
                            hasOwnCore: self.pinning.loadCore != nil)
                    )
                }
            }
        }
    }

    /// Starts `brume` with one event loop, on a port that it finds; its data lie beside its output.
    static func startServer(
        _ folder: TemporaryFolder, core: Int?, name: String = "brume", options: [String] = []
    ) throws -> Target {
        let process = try ServerProcess(
            name: name,
            command: [
                try Executable.server(), "start", "--port", "0", "--loops", "1", "--data-dir",
                "\(folder.path)/data-\(name)",
            ] + options,
            environment: [
                "HOME": folder.path,
                "PATH": "/usr/bin:/bin",
                "BRUME_ROOT_ACCESS_KEY_ID": Fixture.credential.accessKeyID,
                "BRUME_ROOT_SECRET_ACCESS_KEY": Fixture.credential.secretAccessKey,
            ],
            folder: folder,
            core: core
        )
        let line = try process.line(after: "endpoint     localhost:")
        guard let port = UInt16(line.prefix { $0.isNumber }) else {
            throw BenchError("brume names no port:\n\(process.output)")
        }
        return Target(process: process, port: port)
    }

    private static func startBare(
        _ scenarios: [Scenario], _ files: [String], _ folder: TemporaryFolder, _ pinning: Pinning
    ) throws -> [Scenario: Target] {
        let process = try ServerProcess(
            name: "bare", command: [Executable.path, "bare", "--loops", "1"] + files, environment: [:],
            folder: folder, core: pinning.serverCore
        )
        let ports = try process.line(after: Bare.readyPrefix).split(separator: " ").compactMap { UInt16($0) }
        guard ports.count == scenarios.count else {
            throw BenchError("the bare server names too few ports:\n\(process.output)")
        }
        return Dictionary(
            uniqueKeysWithValues: zip(scenarios, ports).map { ($0, Target(process: process, port: $1)) })
    }

    /// Makes the table, waits until it takes writes, and puts the items that are read.
    static func prepare(port: UInt16) throws {
        let connection = try LoadConnection(port: port)
        func call(_ operation: String, _ bodies: [String]) throws -> [UInt8] {
            var answer: [UInt8] = []
            for request in try SignedRequests(operation, bodies: bodies, port: port).current() {
                answer = try connection.exchange(request)
            }
            return answer
        }
        _ = try call("CreateTable", [Fixture.createTable])
        let deadline = monotonicNanoseconds() + Int64(ServerProcess.startSecondsMax * 1e9)
        while true {
            let answer = String(decoding: try call("DescribeTable", [Fixture.describeTable]), as: UTF8.self)
            if answer.contains(#""TableStatus":"ACTIVE""#) { break }
            guard monotonicNanoseconds() < deadline else { throw BenchError("the table is not ACTIVE:\n\(answer)") }
            usleep(5000)
        }
        _ = try call("PutItem", Scenario.storedItems)
    }
}

/// One scenario with one number of connections.
struct WireMeasurement: Measurement {
    let name: String
    let requests: SignedRequests
    let process: ServerProcess
    let loadCore: Int?
    let generator: LoadGenerator

    var concurrency: Int? { self.generator.connectionCount }

    func sample(seconds: Double) async throws -> [Metric: Double] {
        let requests = try self.requests.current()
        do {
            return try Pinning.onCore(self.loadCore) { try self.generator.run(requests, seconds: seconds).metrics }
        } catch {
            throw BenchError(
                "\(self.name), \(self.generator.connectionCount) connections: \(error)\n"
                    + "\(self.process.name) wrote:\n\(self.process.output)")
        }
    }
}
