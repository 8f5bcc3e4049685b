/// Addresses inside of texts for people.
package enum AddressText {
    /// Databases are told apart by their user, which is no secret; for others it is often a token.
    private static let schemesWithUser = ["postgres", "postgresql"]

    /// A text without the users and passwords of the addresses in it: `http://user:word@host/` is `http://***@host/`.
    ///
    /// - Complexity: O(bytes of `text`).
    package static func withoutSecrets(_ text: String) -> String {
        guard text.contains("://"), text.contains("@") else { return text }
        var shown = ""
        var rest = text[...]
        while let range = rest.firstRange(of: "://") {
            let scheme = rest[..<range.lowerBound].reversed().prefix { $0.isLetter }
            shown += rest[..<range.upperBound]
            rest = rest[range.upperBound...]
            guard let at = self.endOfUser(rest) else { continue }
            if self.schemesWithUser.contains(String(scheme.reversed())) {
                shown += rest[..<(rest[..<at].firstIndex(of: ":") ?? at)]
                if rest[..<at].contains(":") { shown += ":***" }
            } else {
                shown += "***"
            }
            rest = rest[at...]
        }
        return shown + rest
    }

    /// The `@` behind user and password of an address whose scheme was read.
    private static func endOfUser(_ text: Substring) -> Substring.Index? {
        let address = text.prefix { !" ,\"'`|\n\t".contains($0) }
        let authority = address.prefix { !"/?#".contains($0) }
        if let at = authority.lastIndex(of: "@") { return at }
        // A slash in a password should be written as %2F, and may not be; behind a host is a number or nothing.
        guard !authority.hasPrefix("["), let colon = authority.lastIndex(of: ":"),
            Int(authority[authority.index(after: colon)...]) == nil
        else { return nil }
        return address.lastIndex(of: "@")
    }
}
