internal import Gateway
internal import Inference

/// What `brume model load`, `unload`, `pin` and `status` ask of a running server.
struct ModelControl: Sendable {
    private let host: ModelHost
    private let registry: RegistryView

    init(host: ModelHost, registry: RegistryView) {
        self.host = host
        self.registry = registry
    }

    /// Answers `models/load` and its like; the body is the model's name.
    func respond(_ what: String, _ body: String) async -> ControlRoute.Answer {
        let name = self.registry.alias(for: body)?.model ?? body
        switch what {
        case "models/status":
            return ControlRoute.Answer(self.lines)
        case "models/load":
            return await self.load(name)
        case "models/unload":
            if await self.host.unload(name) { return ControlRoute.Answer("\(name) is unloaded") }
            let isLoaded = self.host.statuses().contains { $0.name == name && $0.phase == .ready }
            return isLoaded
                ? ControlRoute.Answer(status: 409, "\(name) is in use; it is unloaded when nobody asks for it any more")
                : ControlRoute.Answer(status: 404, "\(name) is not loaded")
        case "models/pin", "models/unpin":
            self.host.setPinned(name, what == "models/pin")
            return ControlRoute.Answer("")
        default:
            return ControlRoute.Answer(status: 404, "this server does not know \(what)")
        }
    }

    private func load(_ name: String) async -> ControlRoute.Answer {
        guard name != EchoModel.name else { return ControlRoute.Answer("\(name) is built in, and always loaded") }
        guard await self.host.names().contains(name) else {
            return ControlRoute.Answer(
                status: 404, "there is no model \(name); `brume model list` shows which there are")
        }
        do throws(InferenceError) {
            try await self.host.load(name)
            return ControlRoute.Answer("\(name) is loaded")
        } catch {
            return ControlRoute.Answer(status: 503, "\(name) is not loaded: \(error.reason)")
        }
    }

    /// A line a model: name, phase, process id, requests, waiting requests, parted by tabs.
    private var lines: String {
        self.host.statuses().sorted { $0.name < $1.name }.map { status in
            let process = status.processID.map(String.init) ?? "-"
            return "\(status.name)\t\(status.phase.rawValue)\t\(process)\t\(status.requests)\t\(status.waiting)"
        }.joined(separator: "\n")
    }
}
