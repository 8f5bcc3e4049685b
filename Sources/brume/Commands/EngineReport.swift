internal import Inference
internal import Server

/// The engine, what it computes on, and what a running server has loaded, as `brume engine status` shows it.
struct EngineReport {
    /// nil when this command finds no engine, although the running server does.
    let facts: EngineFacts?
    /// A warning about an unused graphics card.
    let warning: String?
    let models: ServerModels

    private var version: String { EngineFacts.shownVersion(self.facts?.version.map { [$0] } ?? []) }
    private var devices: [MachineRoom.Device] { self.facts?.devices ?? [] }

    /// The report as text for people.
    var lines: [String] {
        guard let facts = self.facts else {
            return ["engine  none on the PATH of this shell, but the running server has one"] + self.serverLines
        }
        var lines = TextTable.lines([
            ["engine", "\(facts.program.path) (\(facts.program.origin.sentence))"],
            ["version", self.version],
        ])
        var rows = self.devices.map { device in
            [
                device.id, device.profile.name, PlanText.size(device.profile.memoryBytes),
                PlanText.size(device.profile.freeBytes),
            ]
        }
        if rows.isEmpty { rows = [["CPU", "the processor", "-", "-"]] }
        lines += [""] + TextTable.lines([["DEVICE", "NAME", "MEMORY", "FREE"]] + rows)
        if let warning = self.warning { lines += ["", Terminal.warning("\(warning): \(EngineFacts.cardRemedy)")] }
        return lines + self.serverLines
    }

    /// The part that comes from the server.
    private var serverLines: [String] {
        guard self.models.isServerRunning else {
            return ["", self.models.trouble ?? "no server is running on this data directory"]
        }
        let memory = self.models.memory.map { line in
            [
                line.id, line.name,
                PlanText.size(line.totalBytes), PlanText.size(line.freeBytes), PlanText.size(line.limitBytes),
                PlanText.size(line.bookedBytes),
            ]
        }
        let lines = [""] + TextTable.lines([["MEMORY", "NAME", "TOTAL", "FREE", "FOR MODELS", "BOOKED"]] + memory)
        guard !self.models.loaded.isEmpty else { return lines + ["", "no model is loaded"] }
        return lines + [""] + LoadedModel.table(self.models.loaded)
    }

    /// The report as JSON; sizes in bytes.
    var json: String {
        let devices = self.devices.map { device in
            "{\"id\":\(quoted(device.id)),\"name\":\(quoted(device.profile.name)),"
                + "\"memoryBytes\":\(device.profile.memoryBytes),\"freeBytes\":\(device.profile.freeBytes)}"
        }
        let memory = self.models.memory.map { line in
            "{\"id\":\(quoted(line.id)),\"name\":\(quoted(line.name)),\"totalBytes\":\(line.totalBytes),"
                + "\"freeBytes\":\(line.freeBytes),\"limitBytes\":\(line.limitBytes),"
                + "\"bookedBytes\":\(line.bookedBytes)}"
        }
        let members = [
            "\"path\":\(self.facts.map { quoted($0.program.path) } ?? "null")",
            "\"origin\":\(self.facts.map { quoted($0.program.origin.rawValue) } ?? "null")",
            "\"version\":\(quoted(self.version))",
            "\"devices\":[\(devices.joined(separator: ","))]",
            "\"warning\":\(self.warning.map(quoted) ?? "null")", "\"serverRuns\":\(self.models.isServerRunning)",
            "\"memory\":[\(memory.joined(separator: ","))]",
            "\"models\":[\(self.models.loaded.map(\.json).joined(separator: ","))]",
        ]
        return "{\(members.joined(separator: ","))}"
    }
}

extension LoadedModel {
    /// A table for people.
    static func table(_ models: [LoadedModel]) -> [String] {
        let head = [
            "NAME", "STATE", "PROCESS", "REQUESTS", "WAITING", "SLOTS", "CONTEXT", "CACHE", "GPU LAYERS", "MEMORY",
        ]
        return TextTable.lines(
            [head]
                + models.map { model in
                    [
                        model.name, model.state, model.processID.map(String.init) ?? "-", String(model.requests),
                        String(model.waiting),
                    ] + (model.start.map(\.cells) ?? ["-", "-", "-", "-", "-"])
                })
    }

    /// Sizes in bytes.
    var json: String {
        var members = [
            "\"name\":\(quoted(self.name))", "\"state\":\(quoted(self.state))",
            "\"pid\":\(self.processID.map(String.init) ?? "null")", "\"requests\":\(self.requests)",
            "\"waiting\":\(self.waiting)", "\"pinned\":\(self.isPinned)", "\"note\":\(quoted(self.note))",
        ]
        if let start = self.start {
            members += [
                "\"slots\":\(start.slots)", "\"contextTokens\":\(start.contextTokens)",
                "\"cacheType\":\(quoted(start.cacheType))", "\"gpuLayers\":\(quoted(start.gpuLayers))",
                "\"hostExpertLayers\":\(start.hostExpertLayers)", "\"device\":\(quoted(start.device))",
                "\"deviceBytes\":\(start.deviceBytes)", "\"hostBytes\":\(start.hostBytes)",
            ]
        }
        return "{\(members.joined(separator: ","))}"
    }
}

extension LoadedModel.Start {
    /// Slots, context, cache, layers and memory.
    fileprivate var cells: [String] {
        let experts = self.hostExpertLayers > 0 ? ", experts of \(self.hostExpertLayers) on the host" : ""
        return [String(self.slots), String(self.contextTokens), self.cacheType, self.gpuLayers + experts, self.memory]
    }

    /// Such as `5.2 GiB of RTX 3090, 400 MiB`.
    var memory: String {
        let host = PlanText.size(self.hostBytes)
        return self.deviceBytes > 0 ? "\(PlanText.size(self.deviceBytes)) of \(self.device), \(host)" : host
    }
}
