internal import Gateway
internal import Upstream

extension Setting {
    /// Names and addresses under which a client can find a certificate.
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
