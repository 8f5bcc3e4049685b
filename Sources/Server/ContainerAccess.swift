package import Containers
internal import Inference
internal import Primitives
internal import ServiceKit
internal import Telemetry

/// Access to this machine's container engine and to the resource monitor.
package enum ContainerAccess {
    /// Connects to the Docker or Podman engine.
    /// - Parameter socket: nil looks where `DOCKER_HOST` says, then at the usual places.
    /// - Returns: an engine that has answered.
    /// - Throws: when no engine answers.
    package static func engine(socket: String?) async throws(ContainerEngineError) -> ContainerEngine {
        let path = try EngineSocket.find(setting: socket, environment: ProcessEnvironment.variables)
        return try await ContainerEngine(SocketTransport(path: path))
    }

    /// Packs files of this machine for a container.
    /// - Parameters:
    ///   - files: paths here, and names in the container's directory.
    ///   - owner: their user and group there, by number.
    /// - Returns: the archive that `ContainerEngine.upload` takes.
    /// - Throws: when one cannot be read, or they are larger than `TarArchive.bytesMax` together.
    package static func archive(
        _ files: [(path: String, name: String)], owner: Int
    ) throws(ContainerEngineError) -> TarArchive {
        var archive = TarArchive()
        for (path, name) in files {
            do throws(FileError) {
                // Checked before reading, so that a huge file is not read only to be refused.
                let isTooLarge = Files.facts(path).map { $0.bytes > TarArchive.bytesMax } ?? false
                if !isTooLarge, archive.add(name, try Files.read(path), owner: owner) { continue }
            } catch {
                throw .unlawful("\(path) cannot be read: \(error.sentence)")
            }
            throw .unlawful(
                "\(path) cannot be copied: all files together may have \(TarArchive.bytesMax >> 20) MiB, and a name "
                    + "\(TarArchive.nameBytesMax) bytes")
        }
        return archive
    }

    /// A monitor that displays measurements and records nothing.
    /// - Parameter socket: as `engine` takes it.
    /// - Returns: a monitor that measures on request.
    package static func display(socket: String?) -> ResourceMonitor {
        self.monitor(
            disk: "/", engine: { () async throws(ContainerEngineError) in try await self.engine(socket: socket) })
    }

    /// - Parameters:
    ///   - disk: a path on the file system to measure.
    ///   - socket: the container engine's; nil: containers are not measured.
    ///   - record: takes the metrics.
    /// - Returns: a monitor that measures once it runs.
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

    /// Statistics of the graphics processors, from a child process; none if the tool is missing or fails.
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
                // The planner reports what is wrong with the driver; here there is just nothing to show.
                return []
            }
        }
        return []
    }
}
