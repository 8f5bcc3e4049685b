internal import ArgumentParser
internal import Containers
internal import Server

extension ContainersCommand {
    /// `brume containers create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a container of Brume's, with limits and without a way to the host.",
            usage: """
                brume containers create <name> <image> --memory <memory> --cpus <cpus> --pids <pids> [<options>] \
                [-- <command> ...]
                """,
            discussion: """
                It carries the label \(ContainerLabel.managed)=true, runs as user 65532 without capabilities on a root \
                that cannot be written, and is on no network unless one is named. Nothing of this machine is mounted: \
                --volume and --tmpfs are directories that it may write, --file copies into a volume. Words behind `--` \
                are its command.
                """
        )

        @OptionGroup var engine: EngineOptions

        @Argument(help: "The new container's name.")
        var name: String

        @Argument(help: "Its image, which the engine has.")
        var image: String

        @Argument(parsing: .postTerminator, help: "Its command in place of the image's.")
        var command: [String] = []

        @Option(help: "Memory, such as 512m or 2g; no swap comes on top.")
        var memory: String

        @Option(help: "Processors, such as 0.5 or 2.")
        var cpus: String

        @Option(help: "Processes and threads.")
        var pids: Int

        @Option(help: "A network of the engine's.")
        var network: String?

        @Option(help: "NAME=value of its environment; may be said again.")
        var env: [String] = []

        @Option(help: "NAME=value, a label of its own; may be said again.")
        var label: [String] = []

        @Option(help: "HERE:THERE, a port on 127.0.0.1 and the container's; may be said again.")
        var publish: [String] = []

        @Option(help: "A directory that is kept until the container is removed; may be said again.")
        var volume: [String] = []

        @Option(help: "A directory in memory; may be said again.")
        var tmpfs: [String] = []

        @Option(help: "FILE:/VOLUME/NAME, a copy of a file in a volume; may be said again.")
        var file: [String] = []

        @Flag(help: "Start it, too.")
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
            Terminal.output("\(self.name): made\(starts ? " and started" : "")")
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
            let mistake = "--publish takes two ports of 1 to 65535, such as 4570:4566."
            var ports: [Int: Int] = [:]
            for text in self.publish {
                let (here, there) = try Self.halves(text, at: ":", mistake)
                guard let here = ContainerRequest.port(here), let there = ContainerRequest.port(there) else {
                    throw ValidationError(mistake)
                }
                guard ports[there] == nil, !ports.values.contains(here) else {
                    throw ValidationError("--publish takes each port once: \(text) has one that was said before.")
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
                    "--file takes a file and its place in a volume of --volume, such as model.gguf:/data/model.gguf."
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
