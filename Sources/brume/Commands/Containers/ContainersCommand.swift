internal import ArgumentParser
internal import Containers
internal import Server

/// `brume containers`: the containers that run Brume, through Docker's or Podman's engine.
struct ContainersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "containers",
        abstract: "Manage the containers that run Brume.",
        discussion: """
            Talks to Docker or Podman through its socket. Only containers with the label \
            \(ContainerLabel.managed)=true are ever changed.

              brume containers list
              brume containers limit brume --memory 2g --cpus 1.5
              brume containers logs --follow brume
            """,
        subcommands: [
            List.self, Inspect.self, Stats.self, Limit.self, Logs.self, StartContainer.self, StopContainer.self,
            RestartContainer.self, Create.self, Remove.self,
        ],
        defaultSubcommand: List.self
    )

    /// `brume containers list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the containers that run Brume.", usage: "brume containers list [<options>]")

        @OptionGroup var engine: EngineOptions

        @Flag(help: "List all containers, not only Brume's.")
        var all = false

        @Option(help: "Output format.")
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
                            ? "There are no containers." : "No container runs Brume; --all lists all containers.")
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
            abstract: "Print the engine's details of a container as JSON.")

        @OptionGroup var engine: EngineOptions

        @Argument(help: "Name or ID of the container.")
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
            abstract: "Change the limits of a running container.", usage: "brume containers limit [<options>] <name>",
            discussion: """
                Limits that are not given stay as they are. When Compose creates the container again, its own limits \
                apply.

                  brume containers limit brume --memory 2g --cpus 1.5
                """
        )

        @OptionGroup var engine: EngineOptions

        @Argument(help: "Name or ID of the container.")
        var name: String

        @Option(help: "Memory limit, such as 512m or 2g, without swap.")
        var memory: String?

        @Option(help: "Number of processors, such as 0.5 or 2.")
        var cpus: String?

        @Option(help: "Number of processes and threads.")
        var pids: Int?

        func validate() throws {
            guard self.memory != nil || self.cpus != nil || self.pids != nil else {
                throw ValidationError("Give a limit: --memory, --cpus or --pids.")
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
            Terminal.output("\(name): limits changed")
        }
    }
}
