internal import Primitives

/// The proxies for requests, from the environment variables that curl and Python use.
package struct ProxySettings: Sendable, Equatable {
    /// A proxy with plain HTTP.
    struct Proxy: Sendable, Equatable {
        var url: FetchURL
        /// `user:password` in Base64, for `Proxy-Authorization`; nil sends none.
        var credentials: String?
    }

    private var forTLS: Proxy?
    private var forPlain: Proxy?
    /// Hosts that are connected to directly; without a leading dot or star. `*` alone matches every host.
    private var exceptions: [String] = []

    /// No proxies.
    package init() {}

    /// Reads `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY` and `NO_PROXY`; names in lower case take precedence. `HTTP_PROXY`
    /// in upper case is ignored, as in curl: a web server sets it for programs it runs, from a client's header.
    /// - Throws: `.usage` for a proxy with another protocol than HTTP.
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

    /// Parses `http://user:password@host:port`; the default scheme is http, the default port 80.
    private static func proxy(_ text: String, _ name: String) throws(RegistryError) -> Proxy {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else {
                throw RegistryError(
                    .usage,
                    "\(name) names a \(text[..<scheme.lowerBound]) proxy; only http:// proxies are supported")
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
            // The text may contain a password: it is not repeated.
            throw RegistryError(.usage, "\(name) is not a proxy address: use http://host:port")
        }
        return Proxy(url: url, credentials: credentials)
    }

    /// The proxy for a URL; nil for a direct connection, as for all URLs on this machine.
    func proxy(for url: FetchURL) -> Proxy? {
        guard !url.isLoopback, let proxy = url.isTLS ? self.forTLS : self.forPlain else { return nil }
        let isException = self.exceptions.contains { entry in
            entry == "*" || url.host == entry || url.host.hasSuffix("." + entry)
                || entry == "\(url.host):\(url.port)"
        }
        return isException ? nil : proxy
    }
}
