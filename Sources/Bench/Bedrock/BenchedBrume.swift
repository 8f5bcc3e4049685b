internal import Foundation

/// A running Brume of a benchmark, with a bearer key for its models.
struct BenchedBrume {
    let process: ServerProcess
    private let port: UInt16
    private let data: String
    private let folder: TemporaryFolder
    private let key: String

    /// - Parameters:
    ///   - name: for messages and files.
    ///   - options: of `brume start`, besides its port and directory.
    ///   - model: a GGUF file to import before the start.
    ///   - modelName: the name that the file gets.
    ///   - folder: where everything is written.
    /// - Throws: when it does not start, or refuses the file.
    init(
        name: String, _ options: [String], importing model: String? = nil, as modelName: String = "",
        folder: TemporaryFolder
    ) throws {
        self.folder = folder
        self.data = "\(folder.path)/data-\(name)"
        if let model {
            try FileManager.default.createDirectory(atPath: self.data, withIntermediateDirectories: true)
            let command = ["model", "import", model, "--name", modelName, "--data-dir", self.data]
            _ = try Self.output(of: command, folder)
        }
        self.process = try ServerProcess(
            name: "brume-\(name)",
            command: [try Executable.server(), "start", "--port", "0", "--data-dir", self.data] + options,
            environment: Self.environment(folder), folder: folder, core: nil)
        let line = try self.process.line(after: "endpoint     localhost:")
        guard let port = UInt16(line.prefix { $0.isNumber }) else {
            throw BenchError("brume names no port:\n\(self.process.output)")
        }
        self.port = port
        let text = try Self.output(of: ["keys", "create", "--bedrock", "--data-dir", self.data], folder)
        guard let key = text.split(separator: "=", maxSplits: 1).last.map({ $0.filter { !$0.isWhitespace } }),
            text.contains("AWS_BEARER_TOKEN_BEDROCK")
        else { throw BenchError("brume makes no bearer key: \(text)") }
        self.key = key
    }

    func target(model: String) -> TokenStream.Target {
        TokenStream.Target(address: .port(self.port), headers: ["Authorization: Bearer \(self.key)"], model: model)
    }

    /// The Unix socket of the one engine that it has started: an argument of the engine's process.
    func engineSocket() throws -> String {
        struct Status: Decodable {
            struct Model: Decodable { let pid: Int32? }
            let models: [Model]
        }
        let text = try Self.output(
            of: ["model", "status", "--output", "json", "--data-dir", self.data], self.folder)
        let status = try JSONDecoder().decode(Status.self, from: Data(text.utf8))
        guard let processID = status.models.compactMap(\.pid).first else {
            throw BenchError("brume runs no engine: \(text)")
        }
        let words = try String(contentsOfFile: "/proc/\(processID)/cmdline", encoding: .utf8).split(separator: "\0")
        guard let socket = words.first(where: { $0.hasPrefix("/") && $0.hasSuffix(".sock") }) else {
            throw BenchError("the engine has no socket: \(words.joined(separator: " "))")
        }
        return String(socket)
    }

    static func environment(_ folder: TemporaryFolder) -> [String: String] {
        ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
    }

    /// Runs one of its commands to its end.
    private static func output(of command: [String], _ folder: TemporaryFolder) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Executable.server())
        process.arguments = command
        process.environment = self.environment(folder)
        let output = Foundation.Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("brume \(command[0]) failed: \(text)") }
        return text
    }
}
