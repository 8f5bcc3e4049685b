internal import Primitives

/// Which DNS servers to ask, and how: the content of `/etc/resolv.conf` (resolv.conf(5)).
package struct ResolverSettings: Sendable {
    package static let path = "/etc/resolv.conf"
    static let bytesMax = 64 << 10
    /// As many as the C library uses (MAXNS).
    static let serverCountMax = 3
    static let searchCountMax = 6

    /// Numeric addresses; the default port is 53.
    package var servers: [Server]
    package var search: [DNSName]
    /// `ndots`: a name with fewer dots is tried with the domains of `search` first.
    package var dots: Int
    /// For each server and attempt.
    package var timeout: Duration
    /// How often the list of servers is gone through.
    package var attempts: Int

    /// A DNS server.
    package struct Server: Sendable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int = 53) {
            self.host = host
            self.port = port
        }
    }

    package init(
        servers: [Server], search: [DNSName] = [], dots: Int = 1, timeout: Duration = .seconds(5), attempts: Int = 2
    ) {
        self.servers = servers
        self.search = search
        self.dots = dots
        self.timeout = timeout
        self.attempts = attempts
    }

    /// Parses the file's text; unknown lines are ignored, as by the C library.
    package init(text: String) {
        self.init(servers: [])
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split { $0 == " " || $0 == "\t" }.map { String($0) }
            switch words.first {
            case "nameserver" where words.count > 1 && self.servers.count < Self.serverCountMax:
                self.servers.append(Server(host: words[1]))
            case "search", "domain":
                self.search = words.dropFirst().prefix(Self.searchCountMax).compactMap { DNSName($0) }
            case "options":
                for option in words.dropFirst() {
                    let parts = option.split(separator: ":")
                    guard parts.count == 2, let number = Int(parts[1]) else { continue }
                    switch parts[0] {
                    case "ndots": self.dots = min(max(number, 0), 15)
                    case "timeout": self.timeout = .seconds(min(max(number, 1), 30))
                    case "attempts": self.attempts = min(max(number, 1), 5)
                    default: continue
                    }
                }
            default: continue
            }
        }
        if self.servers.isEmpty { self.servers = [Server(host: "127.0.0.1")] }
    }

    /// The current settings of this machine; if the file does not exist, the server on this machine.
    package static func ofThisMachine() -> ResolverSettings {
        let bytes = (try? Files.read(self.path, bytesMax: self.bytesMax)) ?? []
        return ResolverSettings(text: String(decoding: bytes, as: UTF8.self))
    }

    /// The fully qualified names that a name may mean, in the order in which to try them. One with a final dot means
    /// itself.
    func candidates(_ text: String) -> [DNSName] {
        guard let name = DNSName(text) else { return [] }
        guard !text.hasSuffix(".") else { return [name] }
        let found = self.search.compactMap { name.within($0) }
        return name.labels.count > self.dots ? [name] + found : found + [name]
    }
}
