internal import Upstream

/// The address of an engine's HTTP server.
package struct EngineEndpoint: Sendable, Equatable {
    /// The transport address.
    package enum Address: Sendable, Hashable {
        /// A Unix socket of this machine.
        case unix(path: String)
        case tcp(host: String, port: Int, isTLS: Bool)
    }

    package var address: Address
    /// Prepended to every path, without a trailing slash; empty for our own engine.
    package var basePath: String
    /// Sent as a bearer token.
    package var apiKey: String?

    package init(address: Address, basePath: String = "", apiKey: String? = nil) {
        self.address = address
        self.basePath = basePath
        self.apiKey = apiKey
    }

    /// Parses `http://host:port/path` or `https://…`. A trailing `/v1` is removed: it is the path of OpenAI's API, and
    /// the other paths of such servers are not below it.
    /// - Returns: nil for any other text, such as one with user information or a query.
    package init?(url: String, apiKey: String? = nil) {
        let isTLS = url.hasPrefix("https://")
        guard isTLS || url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(isTLS ? 8 : 7)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        var path = rest[slash...]
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix("/v1") { path.removeLast(3) }
        guard !authority.contains("@"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3F && $0 != 0x23 })
        else { return nil }
        var host = authority
        var port = isTLS ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(number) else {
                return nil
            }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty,
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x5B && $0 != 0x5D })
        else { return nil }
        self.init(
            address: .tcp(host: String(host), port: port, isTLS: isTLS), basePath: String(path), apiKey: apiKey)
    }

    /// The server's endpoint, without what is specific to the engine's API.
    var upstream: UpstreamEndpoint {
        switch self.address {
        case .unix(let path): UpstreamEndpoint(address: .unix(path: path))
        case .tcp(let host, let port, let isTLS): UpstreamEndpoint(address: .tcp(host: host, port: port), isTLS: isTLS)
        }
    }
}

/// Why a request to an engine, or reading its answer, failed.
package enum EngineClientError: Error, Sendable, Equatable {
    /// Nothing listens there; nothing was sent.
    case unreachable(String)
    /// The connection ended before the answer was complete.
    case cutOff
    /// No byte arrived within the timeout.
    case silent(seconds: Int)
    /// The answer is not valid HTTP, or exceeds a limit.
    case malformed(String)
    /// The calling task was cancelled; the connection is closed.
    case cancelled
}
