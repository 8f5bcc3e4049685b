internal import Primitives

/// Builds llama.cpp's server on this machine, for what it computes on.
///
/// Everything lies in one directory: the source's archive, the unpacked source, a build for each backend, and the
/// programs in `bin`. Each step finds what an earlier run has done, so that a build which was broken off goes on.
package struct EngineBuild: Sendable {
    /// What is told on the way.
    package enum Step: Sendable {
        case fetching(TransferReport)
        case unpacking
        case configuring
        /// Per cent of the build; nil where it is not said.
        case compiling(percent: Int?)
    }

    package let directory: String
    private let source: EngineSource
    private let tools: BuildTools
    private let backend: EngineBackend
    private let fetch: HTTPFetch

    /// - Parameters:
    ///   - directory: made where it is missing.
    ///   - source: what is built.
    ///   - tools: what the machine has.
    ///   - backend: what `tools.backend` has allowed.
    ///   - fetch: gets the source's archive.
    package init(
        directory: String, source: EngineSource = .pinned, tools: BuildTools, backend: EngineBackend, fetch: HTTPFetch
    ) {
        self.directory = directory
        self.source = source
        self.tools = tools
        self.backend = backend
        self.fetch = fetch
    }

    /// Everything that the tools print, of the last build.
    package var logPath: String { "\(self.directory)/build.log" }
    /// The program that a build makes.
    package var programPath: String { "\(self.directory)/bin/llama-server-\(self.source.version)-\(self.backend)" }

    private var sourcePath: String { "\(self.directory)/llama.cpp-\(self.source.version)" }
    private var buildPath: String { "\(self.directory)/build-\(self.source.version)-\(self.backend)" }

    /// Builds.
    /// - Parameters:
    ///   - archive: the source's archive, where it is here already; its digest must be the pinned one.
    ///   - report: told of each step.
    /// - Returns: the program's path.
    /// - Throws: where a step fails, with the last that it said.
    package func run(
        archive: String? = nil, report: @escaping @Sendable (Step) -> Void
    ) async throws(RegistryError) -> String {
        try Disk.createDirectory("\(self.directory)/bin")
        guard let lock = try FileLock.tryNow("\(self.directory)/lock") else {
            throw RegistryError(.busy, "another process is building an engine in \(self.directory)")
        }
        defer { withExtendedLifetime(lock) {} }
        let free = try Disk.freeBytes(self.directory)
        guard free >= self.backend.diskBytes else {
            throw RegistryError(
                .noSpace,
                "\(self.directory) has \(ByteCount.text(free)) left; a build for \(self.backend) needs "
                    + ByteCount.text(self.backend.diskBytes))
        }
        try Disk.remove(self.logPath)
        let log = EngineLog(path: self.logPath)
        if Files.facts(self.sourcePath) == nil {
            let archive = try await self.archive(archive, report)
            report(.unpacking)
            try await self.unpack(archive, log)
        }
        report(.configuring)
        try await self.step(self.configureCommand, "configure the build", log) { _ in }
        report(.compiling(percent: nil))
        try await self.step(self.compileCommand, "compile the engine", log) { line in
            if let percent = BuildProgress.percent(line) { report(.compiling(percent: percent)) }
        }
        try self.install()
        return self.programPath
    }

    var configureCommand: [String] {
        var command = [
            self.tools.cmake ?? "cmake", "-S", self.sourcePath, "-B", self.buildPath, "-DCMAKE_BUILD_TYPE=Release",
            "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_BUILD_TOOLS=ON", "-DLLAMA_BUILD_SERVER=ON", "-DLLAMA_BUILD_TESTS=OFF",
            "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_APP=OFF", "-DLLAMA_OPENSSL=OFF",
            // Its pages would be fetched from a hub, unchecked.
            "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF",
        ]
        command += self.backend.options
        if self.backend == .cuda, let nvcc = self.tools.nvcc { command.append("-DCMAKE_CUDA_COMPILER=\(nvcc)") }
        return command
    }

    var compileCommand: [String] {
        [
            self.tools.cmake ?? "cmake", "--build", self.buildPath, "--config", "Release", "--target", "llama-server",
            "--parallel", String(max(1, self.tools.coreCount)),
        ]
    }

    /// The source's archive on the disk, whole.
    private func archive(
        _ given: String?, _ report: @escaping @Sendable (Step) -> Void
    ) async throws(RegistryError) -> String {
        guard let digest = ContentDigest(hex: self.source.sha256), let url = FetchURL(self.source.url) else {
            throw RegistryError(.usage, "the engine's source has no lawful address and digest")
        }
        if let given {
            let found = try OpenFile(reading: given).digest()
            guard found == digest else {
                throw RegistryError(
                    .damaged,
                    "\(given) is not the source of version \(self.source.version): its SHA-256 is \(found.hex), and "
                        + "\(digest.hex) is what it must be")
            }
            return given
        }
        let name = Files.lastName(of: self.source.url)
        let client = HubClient(
            settings: HubSettings(endpoint: url), fetch: self.fetch,
            fruitlessCountMax: DownloadProgress.fruitlessCountMax,
            pause: { try await Task.sleep(for: .milliseconds($0)) })
        let total = self.source.bytes
        var download = try FileDownload(
            .init(name: name, url: url, bytes: total, digest: digest),
            reference: HubReference(repository: "llama-cpp-python"), client: client, directory: self.directory
        ) { done in
            report(.fetching(TransferReport(activity: "fetch", fileName: name, doneBytes: done, totalBytes: total)))
        }
        return try await download.run().path
    }

    /// Unpacks beside its place and moves it there when it is whole.
    private func unpack(_ archive: String, _ log: EngineLog) async throws(RegistryError) {
        let temporary = "\(self.sourcePath)~"
        try Disk.createDirectory(temporary)
        let depth = self.source.folder.split(separator: "/").count
        try await self.step(
            [
                self.tools.tar ?? "tar", "-xzf", archive, "-C", temporary, "--strip-components=\(depth)",
                self.source.folder,
            ], "unpack the source", log
        ) { _ in }
        try Disk.rename(temporary, to: self.sourcePath)
    }

    private func step(
        _ command: [String], _ what: String, _ log: EngineLog, _ onLine: @escaping @Sendable (String) -> Void
    ) async throws(RegistryError) {
        log.append("> " + command.joined(separator: " "))
        let end: ProcessEnd
        do throws(ProcessStartError) {
            end = try await BuildCommand.run(command) { line in
                log.append(line)
                onLine(line)
            }
        } catch {
            throw RegistryError(.unknown, "cannot \(what): \(error.sentence)")
        }
        guard end == .exited(status: 0) else {
            throw RegistryError(
                .damaged,
                "cannot \(what): \(end). The last that it said of an error: \(log.reason). All of it is in "
                    + "\(self.logPath). Given again, the command goes on where it was")
        }
    }

    /// Gives the program a name that later builds do not take.
    private func install() throws(RegistryError) {
        let built = "\(self.buildPath)/bin/llama-server"
        guard EngineFiles.isExecutable(built) else {
            throw RegistryError(.damaged, "the build ended well, and there is no \(built)")
        }
        try Disk.remove(self.programPath)
        guard try Disk.hardLink(built, to: self.programPath) else {
            throw RegistryError(
                .disk, "\(self.directory) is on a file system without hard links; use another --data-dir")
        }
    }
}
