internal import Gateway
internal import Upstream

extension Setting {
    /// Names and addresses to listen on.
    static func hosts(_ text: String) throws(ConfigurationError) -> [String] {
        var hosts: [String] = []
        for text in try self.list(text) {
            // The form in a URL.
            let host = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
            // A link-local address ends with its interface.
            let address = host.contains(":") ? String(host.prefix { $0 != "%" }) : host
            guard NumericAddress.bytes(address) != nil || DNSName(host) != nil else {
                throw ConfigurationError(
                    "takes names and addresses such as 127.0.0.1 or ::1, without scheme and port, separated by commas; "
                        + "\(text) is neither")
            }
            hosts.append(host)
        }
        return hosts
    }

    /// Names and addresses for a certificate.
    static func certificateNames(_ text: String) throws(ConfigurationError) -> [String] {
        let names = try self.list(text)
        for name in names where !self.isCertificateName(name) {
            throw ConfigurationError(
                "takes names such as build-server.test or *.dev.test and addresses such as 10.1.2.3, without scheme, "
                    + "port or path, separated by commas; \(name) is neither")
        }
        return names
    }

    /// Whether it is a numeric address, or a name of hosts, whose first label may be `*` (RFC 6125, 6.4.3). Its last
    /// one is no number: clients would look for an address then.
    static func isCertificateName(_ name: String) -> Bool {
        if NumericAddress.bytes(name) != nil { return true }
        let host = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
        guard !host.hasSuffix("."), let last = DNSName(host)?.labels.last else { return false }
        return !last.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
