internal import Primitives
internal import Synchronization

/// What is known of an engine by asking it: its build, its devices, and whether it states its buffers.
package struct EngineFacts: Sendable, Hashable {
    package var program: EngineProgram
    /// Such as `version: 6789 (abcdef12)`; nil where it does not say it, or does not start.
    package var version: String?
    /// nil where it does not say them.
    package var devices: [MachineRoom.Device]?
    /// Whether it takes `--verbosity 4` for its trace and no more.
    package var tellsBuffers: Bool

    package init(
        program: EngineProgram, version: String?, devices: [MachineRoom.Device]?, tellsBuffers: Bool
    ) {
        self.program = program
        self.version = version
        self.devices = devices
        self.tellsBuffers = tellsBuffers
    }

    /// Asks a program; its questions run beside each other.
    package static func ask(_ program: EngineProgram) async -> EngineFacts {
        async let version = program.ask(["--version"])
        async let devices = program.ask(DeviceList.arguments)
        async let help = program.ask(["--help"])
        let versionLines = await version
        return EngineFacts(
            program: program,
            version: versionLines.map { lines in lines.first { $0.contains("version") } ?? lines.first ?? "not said" },
            devices: await devices.map(DeviceList.parse),
            // Before this level had a name of its own, it logged every request whole.
            tellsBuffers: await (help ?? []).contains { $0.contains("4: trace") })
    }

    /// What to say loudly where a card is here that the engine cannot compute on.
    /// - Parameter cards: names of the cards of this machine.
    /// - Returns: a sentence; nil where all is well.
    package func unusedCards(_ cards: [String]) -> String? {
        guard !cards.isEmpty, let devices = self.devices, devices.isEmpty else { return nil }
        return "\(cards.joined(separator: ", ")) is here, and the engine \(self.program.path) cannot use it: it lists "
            + "no device, so the processor computes everything, many times slower"
    }

    package static let cardRemedy =
        "brume engine build makes one for the card (with NVIDIA's CUDA toolkit, or Vulkan's headers and glslc); "
        + "brume engine use /path/to/llama-server takes another"

    /// The cards of this machine, by what its drivers say; empty where there is none.
    package static func cards() async -> [String] {
        for path in DeviceFacts.programs {
            // A driver that does not answer, or says what is no device, is told by its file below.
            let lines = await EngineProgram(path: path, origin: .path).ask(NvidiaSMI.arguments) ?? []
            let devices = (try? NvidiaSMI.parse(lines.joined(separator: "\n"))) ?? []
            if !devices.isEmpty { return devices.map(\.name) }
        }
        let files = [
            ("/dev/nvidia0", "an NVIDIA card"), ("/dev/dxg", "a card of Windows"), ("/dev/kfd", "an AMD card"),
        ]
        return files.filter { Files.facts($0.0) != nil }.map(\.1)
    }
}

/// The answers of an engine, asked once for each build and again for what changes.
package final class EngineFactsCache: Sendable {
    /// How old an answer about free memory may be.
    private static let devicesMillisecondsMax = 1_000

    private struct Known {
        var facts: EngineFacts
        var file: FileFacts?
        var asked: ContinuousClock.Instant
    }

    private let known = Mutex<Known?>(nil)
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
        self.now = now
    }

    /// - Parameter program: nil where there is none.
    /// - Returns: what it is and what its devices have free now.
    package func facts(_ program: EngineProgram?) async -> EngineFacts? {
        guard let program else { return nil }
        let file = Files.facts(program.path)
        if let known = self.known.withLock({ $0 }), known.facts.program == program, known.file == file {
            let isFresh = known.asked.duration(to: self.now()) < .milliseconds(Self.devicesMillisecondsMax)
            // The processor's memory is not the engine's to say.
            guard !isFresh, known.facts.devices?.isEmpty == false else { return known.facts }
            var facts = known.facts
            facts.devices = await program.ask(DeviceList.arguments).map(DeviceList.parse) ?? facts.devices
            self.keep(facts, file)
            return facts
        }
        let facts = await EngineFacts.ask(program)
        // One that does not start is asked again: it may be installed just now.
        if facts.version != nil { self.keep(facts, file) }
        return facts
    }

    private func keep(_ facts: EngineFacts, _ file: FileFacts?) {
        let known = Known(facts: facts, file: file, asked: self.now())
        self.known.withLock { $0 = known }
    }
}
