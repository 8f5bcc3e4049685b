internal import ArgumentParser
internal import Inference
internal import Server
internal import Synchronization

extension Engine {
    /// `brume engine build`: makes an engine for this machine from llama.cpp's source.
    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build an engine for this machine, and choose it.",
            usage: "brume engine build [<options>]",
            discussion: """
                Fetches the source package of llama-cpp-python \(EngineSource.pinned.version) from PyPI, checks its \
                digest, and builds llama.cpp's server from it with CMake. This takes minutes, for CUDA half an hour or \
                more. After an interruption, the same command continues where it stopped.

                Without --backend, the first that fits is built: CUDA if nvcc is installed, Metal on macOS, Vulkan if \
                its headers and glslc are installed, otherwise cpu.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Option(
            help: "cpu, cuda, metal or vulkan (default: the best one that this machine has the tools for).",
            completion: .list(EngineBackend.allCases.map(\.rawValue)))
        var backend: String?

        @Option(
            help: ArgumentHelp("Source package to use instead of fetching it.", valueName: "file"),
            completion: .file())
        var archive: String?

        @Option(help: ArgumentHelp("Address to fetch the source package from, such as a mirror.", valueName: "url"))
        var url: String?

        @Option(help: "Compilers to run at the same time (default: one per core).")
        var jobs: Int?

        func run() async throws {
            let configuration = try self.directory.load()
            guard (1...1024).contains(self.jobs ?? 1) else {
                throw Exit.failure(.usage, "--jobs takes a whole number from 1 to 1024")
            }
            let tools = BuildTools(
                variables: ProcessEnvironment.variables, coreCount: self.jobs ?? ProcessEnvironment.coreCount)
            let wanted = try self.wantedBackend()
            let (backend, warning) = try orExit { () throws(RegistryError) in try tools.backend(wanted) }
            if let warning { Terminal.error("brume: warning: \(warning)") }
            var source = EngineSource.pinned
            if let url = self.url {
                guard FetchURL(url) != nil else { throw Exit.failure(.usage, "--url takes an http or https URL") }
                source.url = url
            }
            let build = EngineBuild(
                directory: ModelEngines.buildDirectory(configuration), source: source, tools: tools, backend: backend,
                fetch: HTTPFetch(options: try .forCommands()))
            Terminal.error(
                "building llama.cpp of llama-cpp-python \(source.version) for \(backend); log: \(build.logPath)")
            let display = BuildDisplay()
            Interruption.announce {
                display.close("stopped; run the same command again to continue where it stopped")
            }
            let path = try await orExitAsync { () async throws(RegistryError) in
                defer { display.finish() }
                do throws(RegistryError) {
                    return try await build.run(archive: self.archive) { display.show($0) }
                } catch {
                    // A terminal's Ctrl-C ends the compiler as well, and its failure would be told instead.
                    await Interruption.settle()
                    throw error
                }
            }
            try await self.choose(path, configuration)
        }

        private func wantedBackend() throws -> EngineBackend? {
            guard let name = self.backend else { return nil }
            guard let backend = EngineBackend(rawValue: name) else {
                throw Exit.failure(
                    .usage, "--backend takes one of: " + EngineBackend.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return backend
        }

        private func choose(_ path: String, _ configuration: Configuration) async throws {
            guard let version = await EngineProgram(path: path, origin: .choice).ask(["--version"]) else {
                throw Exit.failure(.damagedData, "\(path) was built, but does not report its version")
            }
            let file = ModelEngines.choiceFile(configuration)
            guard EngineProgram.choose(path, choiceFile: file) else {
                throw Exit.failure(.dataDirectoryNotWritable, "cannot write \(file)")
            }
            Terminal.output("engine   \(path)")
            Terminal.output("version  \(EngineFacts.shownVersion(version))")
        }
    }
}

/// Shows the progress of a build on standard error.
private final class BuildDisplay: Sendable {
    private let transfer = TransferDisplay()
    /// The last line shown: a step, or its percentage in tens.
    private let last = Mutex("")

    func show(_ step: EngineBuild.Step) {
        switch step {
        case .fetching(let report): self.transfer.show(report)
        case .unpacking: self.say("unpacking the source")
        case .configuring: self.say("configuring")
        case .compiling(nil): self.say("compiling")
        case .compiling(let percent?): self.say("compiling: \(percent / 10 * 10) %")
        }
    }

    private func say(_ line: String) {
        let isNew = self.last.withLock { last in
            defer { last = line }
            return last != line
        }
        if isNew { self.transfer.say(line) }
    }

    func finish() { self.transfer.finish() }

    /// Ends the display with a sentence.
    func close(_ sentence: String) { self.transfer.close(sentence) }
}
