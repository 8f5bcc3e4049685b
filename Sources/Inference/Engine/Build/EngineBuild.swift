internal import Primitives

/// Builds llama.cpp's server on this machine, for its backend.
///
/// Everything is in one directory: the source archive, the unpacked source, a build directory for each backend, and the
/// programs in `bin`. Each step reuses what an earlier run completed, so an interrupted build resumes.
package struct EngineBuild: Sendable {
    /// Progress reports.
    package enum Step: Sendable {
        case fetching(TransferReport)
        case unpacking
        case configuring
        /// The build's progress in per cent; nil when unknown.
        case compiling(percent: Int?)
    }

    package let directory: String
    private let source: EngineSource
    private let tools: BuildTools
    private let backend: EngineBackend
    private let fetch: HTTPFetch

    /// - Parameters:
    ///   - directory: created if it does not exist.
    ///   - source: the source to build.
    ///   - tools: the tools of this machine.
    ///   - backend: as returned by `tools.backend`.
    ///   - fetch: downloads the source archive.
    package init(
        directory: String, source: EngineSource = .pinned, tools: BuildTools, backend: EngineBackend, fetch: HTTPFetch
    ) {
        self.directory = directory
        self.source = source
        self.tools = tools
        self.backend = backend
        self.fetch = fetch
    }

    /// The complete output of the tools during the last build.
    package var logPath: String { "\(self.directory)/build.log" }
    /// The path of the built program.
    package var programPath: String { "\(self.directory)/bin/llama-server-\(self.source.version)-\(self.backend)" }

    private var sourcePath: String { "\(self.directory)/llama.cpp-\(self.source.version)" }
    private var buildPath: String { "\(self.directory)/build-\(self.source.version)-\(self.backend)" }

    /// Builds the program.
    /// - Parameters:
    ///   - archive: a local source archive, if there is one; its digest must match the pinned one.
    ///   - report: called at each step.
    /// - Returns: the program's path.
    /// - Throws: when a step fails, with the last line of its output.
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
            // The web pages would be downloaded from a hub, unverified.
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

    /// Makes the complete source archive available on disk.
    private func archive(
        _ given: String?, _ report: @escaping @Sendable (Step) -> Void
    ) async throws(RegistryError) -> String {
        guard let digest = ContentDigest(hex: self.source.sha256), let url = FetchURL(self.source.url) else {
            throw RegistryError(.usage, "the engine's source has no valid address and digest")
        }
        if let given {
            let found = try OpenFile(reading: given).digest()
            guard found == digest else {
                throw RegistryError(
                    .damaged,
                    "\(given) is not the source of version \(self.source.version): its SHA-256 is \(found.hex) instead "
                        + "of \(digest.hex)")
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

    /// Unpacks into a temporary directory and renames it once complete.
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
        log.append(["> " + command.joined(separator: " ")])
        let end: ProcessEnd
        do throws(ProcessStartError) {
            end = try await BuildCommand.run(command) { lines in
                log.append(lines)
                lines.texts.forEach(onLine)
            }
        } catch {
            throw RegistryError(.unknown, "cannot \(what): \(error.sentence)")
        }
        guard end == .exited(status: 0) else {
            throw RegistryError(
                .damaged,
                "cannot \(what): \(end). Last error: \(log.reason). The whole output is in \(self.logPath). Run the "
                    + "command again to continue where it stopped")
        }
    }

    /// Installs the program under a name that later builds do not reuse.
    private func install() throws(RegistryError) {
        let built = "\(self.buildPath)/bin/llama-server"
        guard EngineFiles.isExecutable(built) else {
            throw RegistryError(.damaged, "the build succeeded, but there is no \(built)")
        }
        try Disk.remove(self.programPath)
        guard try Disk.hardLink(built, to: self.programPath) else {
            throw RegistryError(
                .disk, "\(self.directory) is on a file system without hard links; use another --data-dir")
        }
    }
}
