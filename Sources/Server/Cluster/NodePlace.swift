internal import Containers
internal import Upstream

/// Where the processes of a role are found, as the setting states it.
enum NodePlace: Sendable {
    case endpoint(UpstreamEndpoint)
    /// A name to look up, at the given name server or at the machine's.
    case name(String, DNSDiscovery.Kind, ResolverSettings.Server?)
    /// A file of endpoints, read again when it changes.
    case file(String)
    /// Containers that carry a label.
    case containers(ContainerDiscovery.Selection)

    /// For messages.
    static let forms = "http://host:port, https://host:port, dns:name:port, srv:name, file:/path or docker:label:port"

    /// - Returns: nil for a text in none of `forms`.
    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "http", "https":
            guard rest.hasPrefix("//"), let endpoint = UpstreamEndpoint(text) else { return nil }
            self = .endpoint(endpoint)
        case "dns", "srv":
            guard let (name, kind, server) = Self.name(rest, hasPort: text.hasPrefix("dns")) else { return nil }
            self = .name(name, kind, server)
        case "file":
            let path = rest.hasPrefix("///") ? String(rest.dropFirst(2)) : rest
            guard path.hasPrefix("/"), !path.hasPrefix("//"), path.utf8.count <= Self.pathBytesMax else { return nil }
            self = .file(path)
        case "docker":
            guard let selection = ContainerDiscovery.Selection(rest) else { return nil }
            self = .containers(selection)
        default: return nil
        }
    }

    /// Reads `name` or `name:port`, optionally followed by `@address:port` of a name server.
    private static func name(
        _ text: String, hasPort: Bool
    ) -> (String, DNSDiscovery.Kind, ResolverSettings.Server?)? {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        var server: ResolverSettings.Server?
        if parts.count > 1 {
            guard case .tcp(let host, let port)? = UpstreamEndpoint(parts[1])?.address else { return nil }
            server = ResolverSettings.Server(host: host, port: port)
        }
        guard hasPort else { return DNSName(parts[0]).map { _ in (parts[0], .services, server) } }
        guard case .tcp(let name, let port)? = UpstreamEndpoint(parts[0])?.address, DNSName(name) != nil else {
            return nil
        }
        return (name, .addresses(port: port), server)
    }

    /// `PATH_MAX` of Linux.
    private static let pathBytesMax = 4096

    /// Whether the setting may name more places for the same role.
    var isEndpoint: Bool {
        if case .endpoint = self { true } else { false }
    }
}
