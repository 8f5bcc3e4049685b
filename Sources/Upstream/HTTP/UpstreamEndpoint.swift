/// The address of an HTTP server.
package struct UpstreamEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// How the server is reached.
    package enum Address: Sendable, Hashable {
        /// A Unix socket of this machine.
        case unix(path: String)
        /// A host name, or a numeric address without brackets.
        case tcp(host: String, port: Int)
    }

    /// The longest path of a Unix socket that every system accepts, in bytes (macOS; Linux accepts 107).
    static let socketPathBytesMax = 103
    /// Longest name of a host, in bytes (RFC 1035).
    static let hostBytesMax = 253

    package var address: Address
    package var isTLS: Bool
    /// The name that the endpoint was found by, if the address is numeric: TLS verifies it, and `Host` carries it.
    package var name: String?

    package init(address: Address, isTLS: Bool = false, name: String? = nil) {
        self.address = address
        self.isTLS = isTLS
        self.name = name
    }

    /// Parses `host:port`, `[::1]:port`, `http://host:port`, `https://host:port`, `unix:/path` or `/path`. With
    /// `http://` and `https://` the port may be omitted; the default is 80 or 443.
    /// - Returns: nil for any other text, such as one with a path after the port or a user before the host.
    package init?(_ text: String) {
        if text.hasPrefix("/") || text.hasPrefix("unix:/") {
            let path = text.hasPrefix("/") ? text : String(text.dropFirst(5))
            guard path.utf8.count <= Self.socketPathBytesMax, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                return nil
            }
            self.init(address: .unix(path: path))
            return
        }
        let isTLS = text.hasPrefix("https://")
        let hasScheme = isTLS || text.hasPrefix("http://")
        var rest = text[...]
        if hasScheme { rest = rest.dropFirst(isTLS ? 8 : 7) }
        if hasScheme, rest.hasSuffix("/") { rest.removeLast() }
        guard let (host, port) = Self.authority(rest, port: hasScheme ? (isTLS ? 443 : 80) : nil) else { return nil }
        self.init(address: .tcp(host: host, port: port), isTLS: isTLS)
    }

    private static func authority(_ text: Substring, port: Int?) -> (String, Int)? {
        var host = text
        var port = port
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) else { return nil }
            port = number
            host = text[..<colon]
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let port, (1...65_535).contains(port), !host.isEmpty, host.utf8.count <= Self.hostBytesMax,
            isBracketed ? host.contains(":") : !host.contains(":"),
            host.utf8.allSatisfy({ byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x3A: true
                default: false
                }
            })
        else { return nil }
        return (String(host), port)
    }

    /// The value of the `Host` header, without the scheme's default port.
    package var authority: String {
        switch self.address {
        case .unix: "localhost"
        case .tcp(let host, let port):
            Self.bracketed(self.name ?? host) + (port == (self.isTLS ? 443 : 80) ? "" : ":\(port)")
        }
    }

    /// In the form that `init(_:)` parses.
    package var description: String {
        switch self.address {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "http\(self.isTLS ? "s" : "")://\(Self.bracketed(host)):\(port)"
        }
    }

    /// The server name for TLS; nil for a numeric address, which SNI does not allow.
    package var serverName: String? {
        if let name = self.name { return name }
        guard case .tcp(let host, _) = self.address, !host.contains(":"),
            host.utf8.contains(where: { $0 != 0x2E && !(0x30...0x39).contains($0) })
        else { return nil }
        return host
    }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
