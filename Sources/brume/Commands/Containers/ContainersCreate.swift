internal import ArgumentParser
internal import Containers
internal import Server

extension ContainersCommand {
    /// `brume containers create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a container that runs Brume, with limits and isolated from the host.",
            usage: """
                brume containers create <name> <image> --memory <memory> --cpus <cpus>
                  --pids <pids> [<options>] [-- <command> ...]
                """,
            discussion: """
                The container has the label \(ContainerLabel.managed)=true, runs as user 65532 without capabilities \
                on a read-only root file system, and has no network unless --network names one. Nothing of this \
                machine is mounted: --volume and --tmpfs add writable directories, and --file copies a file into a \
                volume.
                """
        )

        @OptionGroup var engine: EngineOptions

        @Argument(help: "Name of the new container.")
        var name: String

        @Argument(help: "Image, which the engine must have already.")
        var image: String

        @Argument(parsing: .postTerminator, help: "Command to run instead of the image's.")
        var command: [String] = []

        @Option(help: "Memory limit, such as 512m or 2g, without swap.")
        var memory: String

        @Option(help: "Number of processors, such as 0.5 or 2.")
        var cpus: String

        @Option(help: "Number of processes and threads.")
        var pids: Int

        @Option(help: "Network to join (default: none).")
        var network: String?

        @Option(help: ArgumentHelp("Environment variable; may be repeated.", valueName: "NAME=value"))
        var env: [String] = []

        @Option(help: ArgumentHelp("Label; may be repeated.", valueName: "NAME=value"))
        var label: [String] = []

        @Option(
            help: ArgumentHelp(
                "Port on 127.0.0.1 and the container's port; may be repeated.", valueName: "port:port"))
        var publish: [String] = []

        @Option(
            help: ArgumentHelp(
                "Directory that is kept until the container is removed; may be repeated.", valueName: "directory"))
        var volume: [String] = []

        @Option(help: ArgumentHelp("Directory in memory; may be repeated.", valueName: "directory"))
        var tmpfs: [String] = []

        @Option(
            help: ArgumentHelp(
                "File to copy to a path in a volume; may be repeated.", valueName: "file:/volume/name"))
        var file: [String] = []

        @Flag(help: "Start the container.")
        var start = false

        /// Errors are reported with this command's usage, before an engine is asked.
        func validate() throws {
            _ = try self.request()
            _ = try self.uploads()
        }

        func run() async throws {
            let request = try self.request()
            let uploads = try self.uploads()
            let starts = self.start
            try await self.engine.use { (engine) async throws(ContainerEngineError) in
                // Read before the container is created, so that an unreadable file leaves nothing behind.
                var archives: [(volume: String, archive: TarArchive)] = []
                for (volume, files) in uploads {
                    archives.append((volume, try ContainerAccess.archive(files, owner: request.user)))
                }
                let id = try await engine.create(request)
                do throws(ContainerEngineError) {
                    for (volume, archive) in archives { try await engine.upload(archive, to: volume, of: id) }
                    if starts { try await engine.start(id) }
                } catch {
                    // A half-made container is useless; the original error matters more than one of removing it.
                    try? await engine.remove(id)
                    throw error
                }
            }
            Terminal.output("\(self.name): created\(starts ? " and started" : "")")
        }

        private func request() throws -> ContainerRequest {
            guard let memory = ContainerLimits.memory(self.memory) else {
                throw ValidationError("--memory takes at least 6m, such as 512m or 2g.")
            }
            guard let cpus = ContainerLimits.processors(self.cpus) else {
                throw ValidationError("--cpus takes a number of processors of at least 0.01, such as 0.5.")
            }
            var request = ContainerRequest(
                name: self.name, image: self.image, command: self.command, environment: self.env, memoryBytes: memory,
                nanoCPUs: cpus, processes: Int64(self.pids), network: self.network,
                temporaryDirectories: self.tmpfs, volumes: self.volume)
            for text in self.env { _ = try Self.halves(text, at: "=", "--env takes NAME=value.") }
            for text in self.label {
                let (name, value) = try Self.halves(text, at: "=", "--label takes NAME=value.")
                request.labels[name] = value
            }
            request.ports = try self.ports()
            return request
        }

        /// Ports of the container, with the ports of this machine that they are published on.
        private func ports() throws -> [Int: Int] {
            let mistake = "--publish takes two ports from 1 to 65535, such as 4570:4566."
            var ports: [Int: Int] = [:]
            for text in self.publish {
                let (here, there) = try Self.halves(text, at: ":", mistake)
                guard let here = ContainerRequest.port(here), let there = ContainerRequest.port(there) else {
                    throw ValidationError(mistake)
                }
                guard ports[there] == nil, !ports.values.contains(here) else {
                    throw ValidationError("--publish takes each port once: \(text) repeats one.")
                }
                ports[there] = here
            }
            return ports
        }

        /// Volumes, with the files to put into each.
        private func uploads() throws -> [(volume: String, files: [(path: String, name: String)])] {
            var uploads = self.volume.map { (volume: $0, files: [(path: String, name: String)]()) }
            for text in self.file {
                let mistake =
                    "--file takes a file and its path in a --volume, such as model.gguf:/data/model.gguf."
                let (path, place) = try Self.halves(text, at: ":", mistake)
                let index = uploads.firstIndex {
                    place.hasPrefix($0.volume.hasSuffix("/") ? $0.volume : $0.volume + "/")
                }
                guard let index, !place.hasSuffix("/") else { throw ValidationError(mistake) }
                let name = place.dropFirst(uploads[index].volume.count).drop { $0 == "/" }
                uploads[index].files.append((path, String(name)))
            }
            return uploads.filter { !$0.files.isEmpty }
        }

        private static func halves(_ text: String, at sign: Character, _ mistake: String) throws -> (String, String) {
            guard let place = text.firstIndex(of: sign), place > text.startIndex else { throw ValidationError(mistake) }
            return (String(text[..<place]), String(text[text.index(after: place)...]))
        }
    }
}
