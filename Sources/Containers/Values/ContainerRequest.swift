internal import ServiceModel

/// A container that is to be made. It has no place for what could reach the host: no privileges, no mounts of the
/// host's files, no namespaces of the host, no capabilities; limits are not left out.
package struct ContainerRequest: Sendable, Equatable {
    package var name: String
    package var image: String
    package var command: [String]
    /// `NAME=value`
    package var environment: [String]
    package var memoryBytes: Int64
    package var nanoCPUs: Int64
    package var processes: Int64
    /// The name of a network of the engine's own; the host's and another container's are refused.
    package var network: String?
    /// Seen by `isManaged`, beside Brume's label.
    package var labels: [String: String]
    /// Port of the container to port of this machine, on the loopback address only.
    package var ports: [Int: Int]
    /// Paths of directories in memory that may be written.
    package var temporaryDirectories: [String]
    /// Paths of directories that may be written and outlive a stop: each is a volume of the engine's own, which goes
    /// with the container. An engine takes files for them alone, since nothing else of the root can be written.
    package var volumes: [String]
    /// User and group by number; not root.
    package var user: Int

    package init(
        name: String, image: String, command: [String] = [], environment: [String] = [], memoryBytes: Int64,
        nanoCPUs: Int64, processes: Int64, network: String? = nil, labels: [String: String] = [:],
        ports: [Int: Int] = [:], temporaryDirectories: [String] = [], volumes: [String] = [],
        user: Int = 65_532
    ) {
        self.name = name
        self.image = image
        self.command = command
        self.environment = environment
        self.memoryBytes = memoryBytes
        self.nanoCPUs = nanoCPUs
        self.processes = processes
        self.network = network
        self.labels = labels
        self.ports = ports
        self.temporaryDirectories = temporaryDirectories
        self.volumes = volumes
        self.user = user
    }

    /// What is sent to the engine.
    /// - Throws: where a part is not lawful.
    func body() throws(ContainerEngineError) -> Document {
        let limits = ContainerLimits(
            memoryBytes: self.memoryBytes, nanoCPUs: self.nanoCPUs, processes: self.processes)
        try self.check()
        let host = Document.object([
            "Memory": .number(String(self.memoryBytes)),
            "MemorySwap": .number(String(self.memoryBytes)),
            "NanoCpus": .number(String(limits.nanoCPUs ?? 0)),
            "PidsLimit": .number(String(self.processes)),
            "Privileged": .boolean(false),
            "ReadonlyRootfs": .boolean(true),
            "CapDrop": .array([.string("ALL")]),
            "SecurityOpt": .array([.string("no-new-privileges")]),
            "Init": .boolean(true),
            "NetworkMode": .string(self.network ?? "none"),
            // The sticky bit, so that the user of the container may write.
            "Tmpfs": .object(self.temporaryDirectories.map { .init($0, .string("mode=1777,size=64m")) }),
            "PortBindings": .object(
                self.ports.sorted { $0.key < $1.key }.map { inner, outer in
                    let binding = Document.object([
                        "HostIp": .string("127.0.0.1"), "HostPort": .string(String(outer)),
                    ])
                    return .init("\(inner)/tcp", .array([binding]))
                }),
        ])
        var labels = self.labels
        labels[ContainerLabel.managed] = "true"
        return .object([
            "Image": .string(self.image),
            "Cmd": self.command.isEmpty ? nil : .array(self.command.map(Document.string)),
            "Env": .array(self.environment.map(Document.string)),
            "User": .string("\(self.user):\(self.user)"),
            "Labels": .object(labels.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
            "Volumes": .object(self.volumes.map { .init($0, .object([:])) }),
            "ExposedPorts": .object(self.ports.keys.sorted().map { .init("\($0)/tcp", .object([:])) }),
            "HostConfig": host,
        ])
    }

    private func check() throws(ContainerEngineError) {
        func demand(_ holds: Bool, _ reason: String) throws(ContainerEngineError) {
            guard holds else { throw .unlawful(reason) }
        }
        try demand(Self.isLawful(name: self.name), "a container's name is of letters, digits and the signs _ . -")
        try demand(!self.image.isEmpty, "a container needs an image")
        try demand(self.user > 0, "a container does not run as root")
        try demand(
            (ContainerLimits.memoryBytesMin...ContainerLimits.memoryBytesMax).contains(self.memoryBytes),
            "a container needs a limit of memory, of 6 MiB at least")
        try demand(
            (ContainerLimits.nanoCPUsMin...ContainerLimits.nanoCPUsMax).contains(self.nanoCPUs),
            "a container needs a limit of processors, of 0.01 at least")
        try demand(
            (1...ContainerLimits.processesMax).contains(self.processes), "a container needs a limit of processes")
        if let network = self.network {
            try demand(
                network != "host" && Self.isLawful(name: network),
                "a container's network is one of the engine's by name, never the host's")
        }
        for (inner, outer) in self.ports {
            try demand(Self.lawfulPorts.contains(inner) && Self.lawfulPorts.contains(outer), "a port is 1 to 65535")
        }
        for path in self.temporaryDirectories + self.volumes {
            try demand(
                path.hasPrefix("/") && path != "/" && !path.split(separator: "/").contains("..")
                    && !path.contains(":"),
                "a directory of the container is an absolute path without a colon")
        }
    }

    private static let lawfulPorts = 1...65_535

    /// A port's number; nil for a text that is none, and for 0, which would leave the choice to the engine.
    package static func port(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let port = Int(text), self.lawfulPorts.contains(port) else {
            return nil
        }
        return port
    }

    /// - Source: Docker, `[a-zA-Z0-9][a-zA-Z0-9_.-]+`
    package static func isLawful(name: String) -> Bool {
        let isWord = { (byte: UInt8) in (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 }
        guard (2...128).contains(name.utf8.count), let first = name.utf8.first, isWord(first) else { return false }
        return name.utf8.allSatisfy { isWord($0) || "_.-".utf8.contains($0) }
    }
}
