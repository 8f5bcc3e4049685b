package import Containers
internal import Inference
internal import Primitives
internal import ServiceKit
internal import Telemetry

/// The container engine of this machine, and the monitor of what is used.
package enum ContainerAccess {
    /// Connects to Docker's or Podman's engine.
    /// - Parameter socket: nil looks for it where `DOCKER_HOST` says, then at the usual places.
    /// - Returns: an engine that has answered.
    /// - Throws: where none does.
    package static func engine(socket: String?) async throws(ContainerEngineError) -> ContainerEngine {
        let path = try EngineSocket.find(setting: socket, environment: ProcessEnvironment.variables)
        return try await ContainerEngine(SocketTransport(path: path))
    }

    /// Files of this machine on their way into a container.
    /// - Parameters:
    ///   - files: paths here, and names in the container's directory.
    ///   - owner: their user and group there, by number.
    /// - Returns: what `ContainerEngine.upload` takes.
    /// - Throws: where one cannot be read, or they are too many bytes.
    package static func archive(
        _ files: [(path: String, name: String)], owner: Int
    ) throws(ContainerEngineError) -> TarArchive {
        var archive = TarArchive()
        for (path, name) in files {
            do throws(FileError) {
                // A large file is not read only to be refused.
                let isTooLarge = Files.facts(path).map { $0.bytes > TarArchive.bytesMax } ?? false
                if !isTooLarge, archive.add(name, try Files.read(path), owner: owner) { continue }
            } catch {
                throw .unlawful("\(path) cannot be read: \(error.sentence)")
            }
            throw .unlawful(
                "\(path) cannot be copied: \(TarArchive.bytesMax >> 20) MiB go in at once, under names of up to "
                    + "\(TarArchive.nameBytesMax) bytes")
        }
        return archive
    }

    /// A monitor that only shows, and records nothing.
    /// - Parameter socket: as `engine` takes it.
    /// - Returns: what measures when it is told to.
    package static func display(socket: String?) -> ResourceMonitor {
        self.monitor(
            disk: "/", engine: { () async throws(ContainerEngineError) in try await self.engine(socket: socket) })
    }

    /// - Parameters:
    ///   - disk: a path on the file system that counts.
    ///   - socket: of the container engine; nil: containers are not looked at.
    ///   - record: takes the metrics.
    /// - Returns: what measures, once it runs.
    static func monitor(
        disk: String, socket: String?, record: @escaping @Sendable (MetricDatum) -> Void
    ) -> ResourceMonitor {
        guard let socket else { return self.monitor(disk: disk, engine: nil, record: record) }
        return self.monitor(
            disk: disk, engine: { () async throws(ContainerEngineError) in try await self.engine(socket: socket) },
            record: record)
    }

    private static func monitor(
        disk: String, engine: ResourceMonitor.Connection?,
        record: @escaping @Sendable (MetricDatum) -> Void = { _ in }
    ) -> ResourceMonitor {
        ResourceMonitor(
            hostName: ProcessEnvironment.hostName, reader: HostReader(disk: disk), devices: { await self.devices() },
            engine: engine, record: record)
    }

    /// The graphics processors, asked by a child process; none where the tool is not there or fails.
    private static func devices() async -> [DeviceStatistics] {
        await withCheckedContinuation { continuation in
            BlockingThread.start("nvidia-smi") {
                continuation.resume(returning: self.devicesNow())
            }
        }
    }

    private static func devicesNow() -> [DeviceStatistics] {
        for program in DeviceFacts.programs {
            do throws(PlanningError) {
                guard let answer = try DeviceFacts.answer(of: [program] + DeviceStatistics.arguments) else { continue }
                return DeviceStatistics.parse(answer)
            } catch {
                // The planner says what is wrong with the driver; there is nothing to show.
                return []
            }
        }
        return []
    }
}
