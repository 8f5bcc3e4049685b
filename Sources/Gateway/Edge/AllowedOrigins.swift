/// The origins whose web pages may call this server (CORS).
///
/// - Source: the Fetch standard, "CORS protocol"; an origin is scheme, host and port (RFC 6454, section 6.2).
package struct AllowedOrigins: Sendable, Equatable {
    /// Every page.
    package static let all = AllowedOrigins([.all])
    /// Pages that this machine serves, from any port.
    package static let local = AllowedOrigins([.local])

    /// The maximum number of rules.
    package static let ruleCountMax = 256
    /// Longer origins match no rule, in bytes; a host name has at most 253 (RFC 1035).
    private static let originBytesMax = 512

    private enum Rule: Sendable, Equatable {
        case all
        case local
        /// Exactly this origin.
        case exactly(String)
        /// This scheme and host, with any port.
        case anyPort(String)
    }

    private let rules: [Rule]

    private init(_ rules: [Rule]) {
        self.rules = rules
    }

    /// `words` are `*`, `local`, or origins such as `https://app.example.com`, case-insensitive, whose port may be `*`.
    /// An empty list allows no page. nil if a word is not an origin, or if there are too many.
    package init?(_ words: [String]) {
        guard words.count <= Self.ruleCountMax else { return nil }
        var rules: [Rule] = []
        for word in words {
            guard let rule = Self.rule(word.lowercased()) else { return nil }
            rules.append(rule)
        }
        self.rules = rules
    }

    private static func rule(_ word: String) -> Rule? {
        if word == "*" { return .all }
        if word == "local" { return .local }
        let isAnyPort = word.hasSuffix(":*")
        let origin = isAnyPort ? String(word.dropLast(2)) : word
        // A star elsewhere would make a rule that never matches.
        guard let host = self.host(origin), !host.isEmpty, !host.contains(where: "/@*".contains) else { return nil }
        return isAnyPort ? .anyPort(origin) : .exactly(origin)
    }

    /// Whether every page may call.
    var areAll: Bool { self.rules.contains(.all) }

    func contain(_ origin: String) -> Bool {
        if self.areAll { return true }
        guard origin.utf8.count <= Self.originBytesMax else { return false }
        let origin = origin.lowercased()
        let portless = Self.withoutPort(origin)
        return self.rules.contains { rule in
            switch rule {
            case .all: true
            case .local: Self.isLocal(portless)
            case .exactly(let text): origin == text
            case .anyPort(let text): portless == text
            }
        }
    }

    /// Whether the page was served by `localhost`, a name under it, 127.0.0.1 or ::1.
    private static func isLocal(_ portless: String) -> Bool {
        guard let scheme = portless.firstRange(of: "://"), ["http", "https"].contains(portless[..<scheme.lowerBound])
        else { return false }
        guard let host = self.host(portless) else { return false }
        return host == "localhost" || host.hasSuffix(".localhost") || host == "127.0.0.1" || host == "[::1]"
    }

    /// The part after the scheme.
    private static func host(_ origin: String) -> Substring? {
        guard let scheme = origin.firstRange(of: "://"), scheme.lowerBound > origin.startIndex else { return nil }
        return origin[scheme.upperBound...]
    }

    private static func withoutPort(_ origin: String) -> String {
        guard let colon = origin.lastIndex(of: ":"), colon < origin.index(before: origin.endIndex),
            origin[origin.index(after: colon)...].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return origin }
        return String(origin[..<colon])
    }
}
