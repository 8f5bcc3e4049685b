#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where a container engine listens.
package enum EngineSocket {
    /// The places to look, the first that is there counts.
    ///
    /// - Parameters:
    ///   - setting: what the user named; nothing else is looked at then.
    ///   - environment: `DOCKER_HOST` and `CONTAINER_HOST` are Docker's and Podman's own variables.
    /// - Returns: paths of sockets; empty where the user named what is no Unix socket.
    package static func candidates(setting: String?, environment: [String: String]) -> [String] {
        for named in [setting, environment["DOCKER_HOST"], environment["CONTAINER_HOST"]] {
            guard let named, !named.isEmpty else { continue }
            if named.hasPrefix("unix://") { return [String(named.dropFirst("unix://".count))] }
            return named.hasPrefix("/") ? [named] : []
        }
        var paths = ["/var/run/docker.sock"]
        if let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") {
            paths += ["\(runtime)/docker.sock", "\(runtime)/podman/podman.sock"]
        }
        return paths + ["/run/podman/podman.sock"]
    }

    /// The socket to ask.
    /// - Throws: `unreachable`, with what was looked for.
    package static func find(
        setting: String?, environment: [String: String], isSocket: (String) -> Bool = EngineSocket.isSocket
    ) throws(ContainerEngineError) -> String {
        let candidates = self.candidates(setting: setting, environment: environment)
        guard !candidates.isEmpty else {
            throw .unreachable(
                socket: setting ?? environment["DOCKER_HOST"] ?? "", reason: "only unix:// sockets are supported")
        }
        guard let path = candidates.first(where: isSocket) else {
            throw .unreachable(socket: candidates.joined(separator: ", "), reason: "there is no socket")
        }
        return path
    }

    package static func isSocket(_ path: String) -> Bool {
        var information = stat()
        guard unsafe stat(path, &information) == 0 else { return false }
        return information.st_mode & S_IFMT == S_IFSOCK
    }
}
