internal import BedrockRuntimeService
internal import Gateway
internal import Inference

/// The server's side of `brume model load`, `unload`, `pin` and `status`.
struct ModelControl: Sendable {
    private let host: ModelHost
    private let registry: RegistryView
    private let configuration: LiveConfiguration

    init(host: ModelHost, registry: RegistryView, _ configuration: LiveConfiguration) {
        self.host = host
        self.registry = registry
        self.configuration = configuration
    }

    /// Handles `models/load` and the like; the body is the model's name.
    func respond(_ what: String, _ body: String) async -> ControlRoute.Answer {
        let name = await self.name(body)
        switch what {
        case "models/status":
            let models = self.host.statuses().sorted { $0.name < $1.name }.map(LoadedModel.init)
            return ControlRoute.Answer(models.map(\.line).joined(separator: "\n"))
        case "models/room":
            let room = await self.host.room() ?? MachineRoom()
            return ControlRoute.Answer(
                MemoryLine.lines(room, self.host.statuses()).map(\.line).joined(separator: "\n"))
        case "models/configured":
            let models = self.configuration.current.bedrockModels
            return ControlRoute.Answer(models.map { "\($0.name)\t\($0.place)" }.joined(separator: "\n"))
        case "models/load":
            return await self.load(name)
        case "models/unload" where name == EchoModel.name:
            return ControlRoute.Answer(status: 404, "\(name) is built in: there is nothing to unload")
        case "models/unload":
            if await self.host.unload(name) { return ControlRoute.Answer("\(name) is unloaded") }
            let isLoaded = self.host.statuses().contains { $0.name == name && $0.phase == .ready }
            return isLoaded
                ? ControlRoute.Answer(status: 409, "\(name) is in use; try again when its requests have ended")
                : ControlRoute.Answer(status: 404, "\(name) is not loaded")
        case "models/pin", "models/unpin":
            self.host.setPinned(name, isPinned: what == "models/pin")
            return ControlRoute.Answer("")
        default:
            return ControlRoute.Answer(status: 404, "this server does not know \(what)")
        }
    }

    /// The name of the model that would answer a request for this id; the text itself if there is none.
    private func name(_ text: String) async -> String {
        let names = Set(await self.host.names()).union([EchoModel.name])
        if names.contains(text) { return text }
        let aliases = self.configuration.current.bedrockAliases
        let meanings = ModelCatalog.meanings(of: text, aliases: aliases, registry: self.registry)
        return meanings.first(where: names.contains) ?? text
    }

    private func load(_ name: String) async -> ControlRoute.Answer {
        guard name != EchoModel.name else { return ControlRoute.Answer("\(name) is built in, and always loaded") }
        guard await self.host.names().contains(name) else {
            return ControlRoute.Answer(
                status: 404, "there is no model \(name); `brume model list` lists the models")
        }
        do throws(InferenceError) {
            try await self.host.load(name)
            return ControlRoute.Answer("\(name) is loaded")
        } catch {
            return ControlRoute.Answer(status: 503, "\(name) is not loaded: \(error.reason)")
        }
    }
}
