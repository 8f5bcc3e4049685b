/// Why a container engine did not do what it was asked.
package enum ContainerEngineError: Error, Sendable, Equatable {
    /// The socket has no listener, or access to it is denied.
    case unreachable(socket: String, reason: String)
    /// None of the engine's API versions is supported here.
    case version(theirs: String)
    /// No container has this name or id.
    case noSuchContainer(String)
    /// The container does not have Brume's label, so it may be inspected but never changed.
    case notManaged(String)
    /// The engine has no control groups: limits would have no effect, and containers have no statistics.
    case noControlGroups
    /// The request is invalid; the engine was not asked.
    case unlawful(String)
    /// The engine refused; its own message.
    case refused(status: Int, message: String)
    /// The engine's answer cannot be parsed.
    case malformed(String)

    /// A sentence for the user, with the remedy if there is one.
    package var sentence: String {
        switch self {
        case .unreachable(let socket, let reason):
            return "no container engine answers at \(socket): \(reason). Start Docker or Podman, add yourself to its "
                + "group, or name its socket with --docker-socket."
        case .version(let theirs):
            return
                "the container engine supports API versions up to \(theirs); \(EngineVersion.oldest) or later is needed"
        case .noSuchContainer(let name): return "there is no container \(name)"
        case .notManaged(let name):
            return "the container \(name) is not Brume's (it has no label \(ContainerLabel.managed)=true), so it is "
                + "not changed"
        case .noControlGroups:
            return "this container engine cannot limit or measure containers, such as a rootless engine on a machine "
                + "with control groups v1. Use an engine that runs as root, or control groups v2 (kernel parameter "
                + "systemd.unified_cgroup_hierarchy=1)."
        case .unlawful(let reason): return reason
        case .refused(_, let message): return "the container engine refused: \(message)"
        case .malformed(let reason): return "the container engine's answer cannot be read: \(reason)"
        }
    }
}

/// The labels by which Brume recognises its containers.
package enum ContainerLabel {
    /// `true` on a container that Brume may change.
    package static let managed = "dev.brume.managed"
    /// The services that the container runs, separated by commas.
    package static let services = "dev.brume.services"
}

/// A version of the Docker Engine API, such as 1.41.
package struct EngineVersion: Sendable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    /// The oldest supported version: that of Docker 20.10, and of Podman.
    package static let oldest = EngineVersion(major: 1, minor: 41)
    /// The newest verified version, which is also used with later engines.
    package static let newest = EngineVersion(major: 1, minor: 52)

    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1], major >= 0, minor >= 0 else { return nil }
        self.init(major: major, minor: minor)
    }

    package static func < (left: EngineVersion, right: EngineVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    package var description: String { "\(self.major).\(self.minor)" }

    /// The version to ask an engine in that says how far it goes.
    /// - Source: Docker Engine API, "Versioning"; an engine refuses what is newer than itself and, from 29 on, what is
    ///   older than 1.44.
    package static func negotiated(theirs text: String) throws(ContainerEngineError) -> EngineVersion {
        guard let theirs = EngineVersion(text), theirs >= self.oldest else { throw .version(theirs: text) }
        return min(theirs, self.newest)
    }
}
