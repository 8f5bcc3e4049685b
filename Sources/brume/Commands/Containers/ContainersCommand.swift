internal import ArgumentParser
internal import Containers
internal import Server

/// `brume containers`: the containers that run Brume, through Docker's or Podman's engine.
struct ContainersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "containers",
        abstract: "List, watch, limit, start, stop and make the containers that run Brume.",
        discussion: """
            Speaks to Docker's or Podman's engine through its socket: the one of --docker-socket, DOCKER_HOST or \
            CONTAINER_HOST, else the first that is there of the usual places. Only containers with the label \
            \(ContainerLabel.managed)=true are changed.
            """,
        subcommands: [
            List.self, Inspect.self, Stats.self, Limit.self, Logs.self, StartContainer.self, StopContainer.self,
            RestartContainer.self, Create.self, Remove.self,
        ],
        defaultSubcommand: List.self
    )

    /// `brume containers list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the containers.")

        @OptionGroup var engine: EngineOptions

        @Flag(help: "Those of others too.")
        var all = false

        @Option(help: "How the result is written.")
        var output: OutputFormat = .text

        func run() async throws {
            let showsAll = self.all
            let containers = try await self.engine.use { (engine) async throws(ContainerEngineError) in
                try await engine.list(isManagedOnly: !showsAll)
            }
            switch self.output {
            case .text:
                if containers.isEmpty {
                    Terminal.output(
                        showsAll
                            ? "There are no containers." : "No container runs Brume; `--all` lists those of others.")
                }
                let outOfMemory = try await self.engine.use { (engine) async throws(ContainerEngineError) in
                    await engine.outOfMemory(among: containers)
                }
                let rows = containers.map { container in
                    [
                        container.name,
                        container.status + (outOfMemory.contains(container.id) ? ", out of memory" : ""),
                        container.image,
                        container.labels[ContainerLabel.services] ?? "", container.ports.joined(separator: ", "),
                    ]
                }
                guard !rows.isEmpty else { return }
                TextTable.lines([["NAME", "STATUS", "IMAGE", "SERVICES", "PORTS"]] + rows).forEach(Terminal.output)
            case .json:
                let rows = containers.map { container in
                    "{\"id\":\(quoted(container.id)),\"name\":\(quoted(container.name)),"
                        + "\"state\":\(quoted(container.state)),\"status\":\(quoted(container.status)),"
                        + "\"image\":\(quoted(container.image)),\"managed\":\(container.isManaged)}"
                }
                Terminal.output("[" + rows.joined(separator: ",") + "]")
            }
        }
    }

    /// `brume containers inspect`
    struct Inspect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what the engine knows of a container, in JSON.")

        @OptionGroup var engine: EngineOptions

        @Argument(help: "The container's name or id.")
        var name: String

        func run() async throws {
            let name = self.name
            let details = try await self.engine.use { (engine) async throws(ContainerEngineError) in
                try await engine.inspect(name)
            }
            Terminal.output(details.json)
        }
    }

    /// `brume containers limit`
    struct Limit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change what a running container may use, at once.",
            discussion:
                "What is not named stays as it is. Compose gives its own limits again when it makes the container anew."
        )

        @OptionGroup var engine: EngineOptions

        @Argument(help: "The container's name or id.")
        var name: String

        @Option(help: "Memory, such as 512m or 2g; no swap comes on top.")
        var memory: String?

        @Option(help: "Processors, such as 0.5 or 2.")
        var cpus: String?

        @Option(help: "Processes and threads.")
        var pids: Int?

        func validate() throws {
            guard self.memory != nil || self.cpus != nil || self.pids != nil else {
                throw ValidationError("Name a limit: --memory, --cpus or --pids.")
            }
            guard self.memory == nil || self.limits.memoryBytes != nil else {
                throw ValidationError("--memory takes at least 6m, such as 512m or 2g.")
            }
            guard self.cpus == nil || self.limits.nanoCPUs != nil else {
                throw ValidationError("--cpus takes a number of processors of at least 0.01, such as 0.5.")
            }
            guard self.pids.map({ (1...ContainerLimits.processesMax).contains(Int64($0)) }) ?? true else {
                throw ValidationError("--pids takes a number from 1 to \(ContainerLimits.processesMax).")
            }
        }

        private var limits: ContainerLimits {
            ContainerLimits(
                memoryBytes: self.memory.flatMap { ContainerLimits.memory($0) },
                nanoCPUs: self.cpus.flatMap { ContainerLimits.processors($0) }, processes: self.pids.map(Int64.init))
        }

        func run() async throws {
            let name = self.name
            let limits = self.limits
            let warnings = try await self.engine.use { (engine) async throws(ContainerEngineError) in
                try await engine.limit(name, limits)
            }
            for warning in warnings { Terminal.error("brume: \(warning.visible)") }
            Terminal.output("\(name): its limits are changed")
        }
    }
}
