internal import Upstream

/// Where an engine's HTTP server is reached.
package struct EngineEndpoint: Sendable, Hashable {
    /// The way to it.
    package enum Address: Sendable, Hashable {
        /// A Unix socket of this machine.
        case unix(path: String)
        case tcp(host: String, port: Int, isTLS: Bool)
    }

    package var address: Address
    /// What stands before every path, without a slash at its end; empty for an engine of our own.
    package var basePath: String
    /// Sent as a bearer token.
    package var apiKey: String?

    package init(address: Address, basePath: String = "", apiKey: String? = nil) {
        self.address = address
        self.basePath = basePath
        self.apiKey = apiKey
    }

    /// Reads `http://host:port/path` or `https://…`. A path that ends in `/v1` is the one of OpenAI's notation, whose
    /// servers have their other paths beside it.
    /// - Returns: nil for any other text, such as one with a user or a query in it.
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

    /// The server, without what belongs to the engine's notation.
    var upstream: UpstreamEndpoint {
        switch self.address {
        case .unix(let path): UpstreamEndpoint(address: .unix(path: path))
        case .tcp(let host, let port, let isTLS): UpstreamEndpoint(address: .tcp(host: host, port: port), isTLS: isTLS)
        }
    }
}

/// Why an engine could not be asked, or its answer not be read.
package enum EngineClientError: Error, Sendable, Hashable {
    /// Nobody listens there; nothing was sent.
    case unreachable(String)
    /// The connection ended before the answer did.
    case cutOff
    /// Nothing came for so long.
    case silent(seconds: Int)
    /// What came is no HTTP, or over a bound.
    case malformed(String)
    /// The asking task was cancelled; the connection is closed.
    case cancelled
}
