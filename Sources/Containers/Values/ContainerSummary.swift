package import ServiceModel
internal import WireProtocols

/// A container in a list.
package struct ContainerSummary: Sendable, Equatable {
    package var id: String
    package var name: String
    package var image: String
    /// Such as `running` or `exited`.
    package var state: String
    /// The engine's words, such as `Up 3 minutes (healthy)`.
    package var status: String
    package var labels: [String: String]
    /// `8080->80/tcp`, as far as it is published.
    package var ports: [String]
    /// Its address on each network, by the network's name; those without one are left out.
    package var addresses: [String: String]

    package var isManaged: Bool { self.labels[ContainerLabel.managed] == "true" }
    package var isRunning: Bool { self.state == "running" }

    /// Reads an entry of `GET /containers/json`.
    init?(_ document: Document) {
        guard let id = document["Id"]?.text else { return nil }
        self.id = id
        let name = document["Names"]?.elements.first?.text ?? id
        self.name = name.hasPrefix("/") ? String(name.dropFirst()) : name
        self.image = document["Image"]?.text ?? ""
        self.state = document["State"]?.text ?? ""
        self.status = document["Status"]?.text ?? ""
        self.labels = Self.labels(document["Labels"])
        self.ports = (document["Ports"]?.elements ?? []).compactMap { port in
            guard let published = port["PublicPort"]?.integer, let inner = port["PrivatePort"]?.integer else {
                return nil
            }
            return "\(published)->\(inner)/\(port["Type"]?.text ?? "tcp")"
        }
        var addresses: [String: String] = [:]
        for network in document["NetworkSettings"]?["Networks"]?.members ?? [] {
            let texts = [network.value["IPAddress"]?.text, network.value["GlobalIPv6Address"]?.text]
            if let address = texts.lazy.compactMap({ $0 }).first(where: { !$0.isEmpty }) {
                addresses[network.name] = address
            }
        }
        self.addresses = addresses
    }

    static func labels(_ document: Document?) -> [String: String] {
        let pairs = (document?.members ?? []).compactMap { member in member.value.text.map { (member.name, $0) } }
        return Dictionary(pairs) { first, _ in first }
    }
}

/// What an engine knows of one container.
package struct ContainerDetails: Sendable, Equatable {
    package var id: String
    package var name: String
    package var image: String
    package var labels: [String: String]
    package var state: String
    /// `healthy`, `unhealthy` or `starting`; nil without a health check.
    package var health: String?
    package var exitCode: Int?
    /// Whether the container was killed because it, or a process in it, went over its memory.
    package var wasOutOfMemory: Bool
    package var startedAt: String
    package var restarts: Int
    /// A limit that is absent is nil.
    package var limits: ContainerLimits
    /// Whether it has a terminal, whose output is not cut into frames.
    package var hasTerminal: Bool
    /// The whole of the engine's answer.
    package var document: Document
    package var json: String { self.document.jsonText }

    package var isManaged: Bool { self.labels[ContainerLabel.managed] == "true" }

    /// Reads the answer of `GET /containers/{id}/json`.
    init?(_ document: Document) {
        guard let id = document["Id"]?.text else { return nil }
        let state = document["State"]
        let host = document["HostConfig"]
        self.id = id
        let name = document["Name"]?.text ?? id
        self.name = name.hasPrefix("/") ? String(name.dropFirst()) : name
        self.image = document["Config"]?["Image"]?.text ?? ""
        self.labels = ContainerSummary.labels(document["Config"]?["Labels"])
        self.state = state?["Status"]?.text ?? ""
        let health = state?["Health"]?["Status"]?.text
        self.health = health == "none" ? nil : health
        self.exitCode = self.state == "exited" ? state?["ExitCode"]?.integer : nil
        self.wasOutOfMemory = state?["OOMKilled"] == .boolean(true)
        self.startedAt = state?["StartedAt"]?.text ?? ""
        self.restarts = document["RestartCount"]?.integer ?? 0
        self.limits = ContainerLimits(
            memoryBytes: Self.positive(host?["Memory"]),
            nanoCPUs: Self.positive(host?["NanoCpus"]) ?? Self.quota(host),
            processes: Self.positive(host?["PidsLimit"]))
        self.hasTerminal = document["Config"]?["Tty"] == .boolean(true)
        self.document = document
    }

    private static func positive(_ document: Document?) -> Int64? {
        guard let text = document?.numberText, let value = Int64(text), value > 0 else { return nil }
        return value
    }

    /// The older way to say how much of the processors: microseconds in each period.
    private static func quota(_ host: Document?) -> Int64? {
        guard let quota = self.positive(host?["CpuQuota"]), let period = self.positive(host?["CpuPeriod"]) else {
            return nil
        }
        let product = quota.multipliedReportingOverflow(by: 1_000_000_000)
        return product.overflow ? nil : product.partialValue / period
    }
}
