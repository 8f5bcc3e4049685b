internal import Inference

/// The state of a model in a running server, as the server tells the command line: one line, fields separated by tabs.
package struct LoadedModel: Sendable, Equatable {
    package var name: String
    /// The state, such as `ready` or `waiting`.
    package var state: String
    package var processID: Int32?
    package var requests: Int
    package var waiting: Int
    package var isPinned: Bool
    /// nil for a model that is not started, or that runs elsewhere.
    package var start: Start?
    /// What was given up to make it fit, or why it failed; empty if there is nothing to say.
    package var note: String

    /// How the model's engine was started, and how much memory it has.
    package struct Start: Sendable, Equatable {
        package var slots: Int
        package var contextTokens: Int
        package var cacheType: String
        /// The layers on the graphics card: `0`, a number, or `all`.
        package var gpuLayers: String
        package var hostExpertLayers: Int
        /// The device; empty if the processor computes everything.
        package var device: String
        package var deviceBytes: UInt64
        package var hostBytes: UInt64
    }

    init(_ status: ModelHost.Status) {
        self.name = status.name
        self.state = status.phase.rawValue
        self.processID = status.processID
        self.requests = status.requests
        self.waiting = status.waiting
        self.isPinned = status.isPinned
        self.note = status.reason ?? status.plan?.steps.joined(separator: " ") ?? ""
        guard let plan = status.plan else { return }
        let layers =
            switch plan.launch.gpuLayers {
            case .none, .automatic: "0"
            case .all: "all"
            case .count(let count): String(count)
            }
        self.start = Start(
            slots: plan.launch.slots, contextTokens: plan.launch.slotContextTokens,
            cacheType: plan.launch.keyType.rawValue, gpuLayers: layers,
            hostExpertLayers: plan.launch.hostExpertLayers, device: plan.deviceName ?? "",
            deviceBytes: plan.booking.deviceBytes, hostBytes: plan.booking.hostBytes)
    }

    var line: String {
        var fields = [
            self.name, self.state, self.processID.map(String.init) ?? "-", String(self.requests), String(self.waiting),
            self.isPinned ? "pinned" : "-", Self.plain(self.note),
        ]
        if let start = self.start {
            fields += [
                String(start.slots), String(start.contextTokens), start.cacheType, start.gpuLayers,
                String(start.hostExpertLayers), Self.plain(start.device), String(start.deviceBytes),
                String(start.hostBytes),
            ]
        }
        return fields.joined(separator: "\t")
    }

    /// - Parameter line: as `line` writes it; returns nil for any other.
    package init?(line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 7 || fields.count == 15, let requests = Int(fields[3]), let waiting = Int(fields[4])
        else { return nil }
        (self.name, self.state, self.processID) = (fields[0], fields[1], Int32(fields[2]))
        (self.requests, self.waiting) = (requests, waiting)
        (self.isPinned, self.note) = (fields[5] == "pinned", fields[6])
        guard fields.count == 15, let slots = Int(fields[7]), let context = Int(fields[8]),
            let experts = Int(fields[11]), let deviceBytes = UInt64(fields[13]), let hostBytes = UInt64(fields[14])
        else { return }
        self.start = Start(
            slots: slots, contextTokens: context, cacheType: fields[9], gpuLayers: fields[10],
            hostExpertLayers: experts, device: fields[12], deviceBytes: deviceBytes, hostBytes: hostBytes)
    }

    private static func plain(_ text: String) -> String {
        String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
    }
}

/// How much of one memory, a device's or the machine's, the models use.
package struct MemoryLine: Sendable, Equatable {
    /// The engine's name of a device, or `host`.
    package var id: String
    package var name: String
    package var totalBytes: UInt64
    package var freeBytes: UInt64
    /// The limit for all models together.
    package var limitBytes: UInt64
    package var bookedBytes: UInt64

    var line: String {
        ([self.id, self.name] + [self.totalBytes, self.freeBytes, self.limitBytes, self.bookedBytes].map(String.init))
            .joined(separator: "\t")
    }

    init(
        id: String, name: String, totalBytes: UInt64, freeBytes: UInt64, limitBytes: UInt64, bookedBytes: UInt64
    ) {
        self.id = id
        self.name = name
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
        self.limitBytes = limitBytes
        self.bookedBytes = bookedBytes
    }

    /// - Parameter line: as `line` writes it; returns nil for any other.
    package init?(line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 6 else { return nil }
        let numbers = fields[2...].compactMap { UInt64($0) }
        guard numbers.count == 4 else { return nil }
        self.init(
            id: fields[0], name: fields[1], totalBytes: numbers[0], freeBytes: numbers[1], limitBytes: numbers[2],
            bookedBytes: numbers[3])
    }

    /// The memories of the machine, with what the loaded models use of each.
    static func lines(_ room: MachineRoom, _ statuses: [ModelHost.Status]) -> [MemoryLine] {
        let bookings = statuses.compactMap { $0.plan?.booking }
        var lines = room.devices.map { device in
            let booked = bookings.filter { $0.deviceID == device.id }.reduce(0) { $0 + $1.deviceBytes }
            return MemoryLine(
                id: device.id.isEmpty ? "profile" : device.id,
                name: device.profile.name + (device.isPretended ? " (not installed, only planned for)" : ""),
                totalBytes: device.profile.memoryBytes, freeBytes: device.profile.freeBytes,
                limitBytes: min(device.limitBytes, device.profile.memoryBytes), bookedBytes: booked)
        }
        if let total = room.hostTotalBytes {
            lines.append(
                MemoryLine(
                    id: "host", name: "main memory", totalBytes: total,
                    freeBytes: room.hostAvailableBytes ?? total, limitBytes: min(room.hostLimitBytes ?? total, total),
                    bookedBytes: bookings.reduce(0) { $0 + $1.hostBytes }))
        }
        return lines
    }
}

/// A model of the setting `bedrock-models`.
package struct ConfiguredModel: Sendable, Equatable {
    package var name: String
    /// A file's path, or the addresses of servers.
    package var place: String

    /// Whether it is a file of this machine, which an engine on this machine runs.
    package var isFile: Bool { self.place.hasPrefix("/") }

    /// The model's purpose, read from its file; nil for a remote model, and when the file is missing or not a model.
    package var kind: String? { self.isFile ? (try? GGUFFile.open(self.place))?.role.rawValue : nil }
}

/// What a running server reports about its models, for commands that also work without a server.
package struct ServerModels: Sendable {
    package var loaded: [LoadedModel]
    package var memory: [MemoryLine]
    package var configured: [ConfiguredModel]
    /// Whether a server runs, and reported this.
    package var isServerRunning = false
    /// Why a server that runs has not reported this; nil if none runs.
    package var trouble: String?

    /// - Parameter configuration: names the data directory; its own `bedrock-models` are used when no server runs.
    /// - Returns: what the server says, or what stands on disk.
    package static func ask(_ configuration: Configuration) async -> ServerModels {
        let own = ServerModels(
            loaded: [], memory: [],
            configured: configuration.bedrockModels.map { ConfiguredModel(name: $0.name, place: $0.place) })
        do throws(StartError) {
            // What is on disk is worth showing, so a server that hangs is not waited for as long as by `model status`.
            let status = try await ServerControl.tell(
                "models/status", "", configuration, silenceSecondsMax: ServerProbe.timeoutSeconds)
            guard let status,
                let room = try await ServerControl.tell("models/room", "", configuration),
                let configured = try await ServerControl.tell("models/configured", "", configuration),
                status.isDone, room.isDone, configured.isDone
            else { return own }
            return ServerModels(
                loaded: status.text.split(separator: "\n").compactMap { LoadedModel(line: $0) },
                memory: room.text.split(separator: "\n").compactMap { MemoryLine(line: $0) },
                configured: configured.text.split(separator: "\n").compactMap { line in
                    let fields = line.split(separator: "\t").map(String.init)
                    return fields.count == 2 ? ConfiguredModel(name: fields[0], place: fields[1]) : nil
                },
                isServerRunning: true)
        } catch {
            var unasked = own
            unasked.trouble = error.sentence
            return unasked
        }
    }
}
