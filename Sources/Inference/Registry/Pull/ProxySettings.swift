internal import Primitives

/// Which requests go through a proxy, as the environment has it for curl and Python.
package struct ProxySettings: Sendable, Hashable {
    /// A proxy that speaks plain HTTP.
    struct Proxy: Sendable, Hashable {
        var url: FetchURL
        /// `user:password` in Base64, for `Proxy-Authorization`; nil sends none.
        var credentials: String?
    }

    private var forTLS: Proxy?
    private var forPlain: Proxy?
    /// Hosts that are reached without; a leading dot or star is gone, `*` alone is every host.
    private var exceptions: [String] = []

    /// No proxy at all.
    package init() {}

    /// Reads `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY` and `NO_PROXY`; names in small letters count first. `HTTP_PROXY`
    /// in capitals is left alone, as curl does: a web server sets it for programs it runs, from a client's header.
    /// - Throws: `.usage` for a proxy that speaks something else than HTTP.
    package init(environment: [String: String]) throws(RegistryError) {
        func value(_ names: [String]) -> (name: String, text: String)? {
            for name in names {
                if let text = environment[name], !text.isEmpty { return (name, text) }
            }
            return nil
        }
        let all = ["all_proxy", "ALL_PROXY"]
        if let (name, text) = value(["https_proxy", "HTTPS_PROXY"] + all) {
            self.forTLS = try Self.proxy(text, name)
        }
        if let (name, text) = value(["http_proxy"] + all) { self.forPlain = try Self.proxy(text, name) }
        let list = value(["no_proxy", "NO_PROXY"])?.text ?? ""
        self.exceptions = list.lowercased().split { $0 == "," || $0 == " " }.map { entry in
            entry == "*" ? "*" : String(entry.drop { $0 == "." || $0 == "*" })
        }.filter { !$0.isEmpty }
    }

    /// `http://user:password@host:port`; without a scheme it is http, without a port 80.
    private static func proxy(_ text: String, _ name: String) throws(RegistryError) -> Proxy {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else {
                throw RegistryError(
                    .usage,
                    "\(name) names a proxy that speaks \(text[..<scheme.lowerBound]); only http:// ones are used")
            }
            rest = text[scheme.upperBound...]
        }
        var credentials: String?
        if let at = rest.lastIndex(of: "@") {
            let decoded = PercentEncoding.decodeText(rest[..<at]) ?? String(rest[..<at])
            credentials = Base64.encode(Array(decoded.utf8))
            rest = rest[rest.index(after: at)...]
        }
        guard let url = FetchURL("http://\(rest)") else {
            // The text may hold a password: it is not repeated.
            throw RegistryError(.usage, "\(name) names no proxy: write http://host:port")
        }
        return Proxy(url: url, credentials: credentials)
    }

    /// The proxy for an address; nil where it is reached directly, as all of this machine's are.
    func proxy(for url: FetchURL) -> Proxy? {
        guard !url.isLoopback, let proxy = url.isTLS ? self.forTLS : self.forPlain else { return nil }
        let isException = self.exceptions.contains { entry in
            entry == "*" || url.host == entry || url.host.hasSuffix("." + entry)
                || entry == "\(url.host):\(url.port)"
        }
        return isException ? nil : proxy
    }
}
