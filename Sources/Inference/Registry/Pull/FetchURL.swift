internal import Primitives

/// An HTTP URL, split into the parts that a request needs.
package struct FetchURL: Sendable, Equatable, CustomStringConvertible {
    /// Longer URLs are refused; signed URLs of a CDN have some hundreds of characters.
    static let bytesMax = 8192

    package let isTLS: Bool
    /// A name or a numeric address, in lower case, without brackets.
    package let host: String
    package let port: Int
    /// Path and query, beginning with a slash.
    package let target: String

    private init(isTLS: Bool, host: String, port: Int, target: String) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.target = target
    }

    /// - Returns: nil unless the text is a plain http or https URL, without user, password or spaces; a fragment is
    ///   dropped.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C })
        else { return nil }
        let lower = text.prefix(8).lowercased()
        let isTLS = lower.hasPrefix("https://")
        guard isTLS || lower.hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(isTLS ? 8 : 7)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var target = String(rest[end...].prefix { $0 != "#" })
        if !target.hasPrefix("/") { target = "/" + target }
        guard let (host, port) = Self.authority(rest[..<end]) else { return nil }
        self.init(isTLS: isTLS, host: host, port: port ?? (isTLS ? 443 : 80), target: target)
    }

    private static func authority(_ text: Substring) -> (host: String, port: Int?)? {
        guard !text.isEmpty, !text.contains("@") else { return nil }
        var host = text
        var port: Int?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty { port = Int(rest.dropFirst()) ?? -1 }
            guard host.utf8.allSatisfy({ ASCII.hexValue($0) != nil || ":.".utf8.contains($0) }) else { return nil }
        } else {
            if let colon = text.firstIndex(of: ":") {
                host = text[..<colon]
                port = Int(text[text.index(after: colon)...]) ?? -1
            }
            guard host.utf8.allSatisfy({ ASCII.isUnreserved($0) }) else { return nil }
        }
        guard !host.isEmpty, port.map({ (1...65_535).contains($0) }) ?? true else { return nil }
        return (host.lowercased(), port)
    }

    /// Resolves the value of `Location` relative to this URL.
    package func resolving(_ location: String) -> FetchURL? {
        if let url = FetchURL(location) { return url }
        if location.hasPrefix("//") { return FetchURL("http\(self.isTLS ? "s" : ""):\(location)") }
        guard location.hasPrefix("/"), let url = FetchURL("\(self.origin)\(location)") else { return nil }
        return url
    }

    /// Such as `https://huggingface.co`.
    package var origin: String {
        "http\(self.isTLS ? "s" : "")://\(self.authority)"
    }

    /// The value of the `Host` header.
    package var authority: String {
        let name = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.isTLS ? 443 : 80) ? name : "\(name):\(self.port)"
    }

    package var description: String { self.origin + self.target }

    /// The URL without the query, which may contain a signature: for messages.
    package var shown: String { self.origin + self.target.prefix { $0 != "?" } }

    /// Whether it is on this machine, so that a secret may be sent without TLS.
    package var isLoopback: Bool {
        self.host == "localhost" || self.host == "::1" || self.host.hasPrefix("127.")
    }
}
