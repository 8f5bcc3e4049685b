internal import Primitives
internal import Synchronization

/// What querying an engine shows: its build, its devices, and whether it logs its buffers.
package struct EngineFacts: Sendable, Equatable {
    package var program: EngineProgram
    /// Such as `version: 6789 (abcdef12)`; nil when it does not print it, or does not start.
    package var version: String?
    /// nil when it does not list them.
    package var devices: [MachineRoom.Device]?
    /// Whether `--verbosity 4` means trace, and does not log more than that.
    package var tellsBuffers: Bool

    package init(
        program: EngineProgram, version: String?, devices: [MachineRoom.Device]?, tellsBuffers: Bool
    ) {
        self.program = program
        self.version = version
        self.devices = devices
        self.tellsBuffers = tellsBuffers
    }

    /// Queries a program; the queries run concurrently.
    package static func ask(_ program: EngineProgram) async -> EngineFacts {
        async let version = program.ask(["--version"])
        async let devices = program.ask(DeviceList.arguments)
        async let help = program.ask(["--help"])
        let versionLines = await version
        return EngineFacts(
            program: program,
            version: versionLines.map(self.versionLine),
            devices: await devices.map(DeviceList.parse),
            // Before this level had a name, it logged every request in full.
            tellsBuffers: await (help ?? []).contains { $0.contains("4: trace") })
    }

    private static func versionLine(_ lines: [String]) -> String {
        lines.first { $0.contains("version") } ?? lines.first ?? "unknown"
    }

    /// The version for people, behind a heading that says what it is.
    /// - Parameter lines: the answer to `--version`.
    /// - Returns: such as `6789 (abcdef12)`.
    package static func shownVersion(_ lines: [String]) -> String {
        let line = self.versionLine(lines)
        let heading = "version: "
        return line.hasPrefix(heading) ? String(line.dropFirst(heading.count)) : line
    }

    /// A warning when this machine has a GPU that the engine does not support.
    /// - Parameter cards: the names of the GPUs of this machine.
    /// - Returns: a sentence; nil when there is no problem.
    package func unusedCards(_ cards: [String]) -> String? {
        guard !cards.isEmpty, let devices = self.devices, devices.isEmpty else { return nil }
        return "\(cards.joined(separator: ", ")) is here, but the engine \(self.program.path) cannot use it: it lists "
            + "no device, so models run on the processor, many times slower"
    }

    package static let cardRemedy =
        "`brume engine build` builds one for it (with NVIDIA's CUDA toolkit, or Vulkan's headers and glslc); "
        + "`brume engine use /path/to/llama-server` chooses another"

    /// The GPUs of this machine, according to its drivers; empty without any.
    package static func cards() async -> [String] {
        for path in DeviceFacts.programs {
            // If a driver does not answer or prints something else, its device file below is used.
            let lines = await EngineProgram(path: path, origin: .path).ask(NvidiaSMI.arguments) ?? []
            let devices = (try? NvidiaSMI.parse(lines.joined(separator: "\n"))) ?? []
            if !devices.isEmpty { return devices.map(\.name) }
        }
        let files = [
            ("/dev/nvidia0", "an NVIDIA GPU"), ("/dev/dxg", "a GPU of Windows"), ("/dev/kfd", "an AMD GPU"),
        ]
        return files.filter { Files.facts($0.0) != nil }.map(\.1)
    }
}

/// Caches an engine's facts: queried once for each build, and again for those that change.
package final class EngineFactsCache: Sendable {
    /// The maximum age of information about free memory.
    private static let devicesMillisecondsMax = 1_000

    private struct CachedFacts {
        var facts: EngineFacts
        var file: FileFacts?
        var asked: ContinuousClock.Instant
    }

    private let cached = Mutex<CachedFacts?>(nil)
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
        self.now = now
    }

    /// - Parameter program: nil when there is none.
    /// - Returns: its facts, with the current free memory of its devices.
    package func facts(_ program: EngineProgram?) async -> EngineFacts? {
        guard let program else { return nil }
        let file = Files.facts(program.path)
        if let cached = self.cached.withLock({ $0 }), cached.facts.program == program, cached.file == file {
            let isFresh = cached.asked.duration(to: self.now()) < .milliseconds(Self.devicesMillisecondsMax)
            // Main memory is not reported by the engine.
            guard !isFresh, cached.facts.devices?.isEmpty == false else { return cached.facts }
            var facts = cached.facts
            facts.devices = await program.ask(DeviceList.arguments).map(DeviceList.parse) ?? facts.devices
            self.keep(facts, file)
            return facts
        }
        let facts = await EngineFacts.ask(program)
        // A program that does not start is not cached: it may be in the middle of an installation.
        if facts.version != nil { self.keep(facts, file) }
        return facts
    }

    private func keep(_ facts: EngineFacts, _ file: FileFacts?) {
        let cached = CachedFacts(facts: facts, file: file, asked: self.now())
        self.cached.withLock { $0 = cached }
    }
}
