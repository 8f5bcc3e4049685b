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
        let word = text.prefix { !" \n\t".contains($0) }
        let authority = word.prefix { !"/?#,|".contains($0) }
        if let at = authority.lastIndex(of: "@") { return at }
        // A slash in a password should be written as %2F, a comma as %2C, and may not be.
        guard !authority.hasPrefix("["), let colon = authority.lastIndex(of: ":"),
            !self.isPort(authority[authority.index(after: colon)...])
        else { return nil }
        return word.lastIndex(of: "@")
    }

    /// Whether a text is what may stand behind a host's colon, and a sentence's marks at the most behind it.
    private static func isPort(_ text: Substring) -> Bool {
        let marks = text.drop { $0.isASCII && $0.isNumber }
        return marks.startIndex > text.startIndex && marks.allSatisfy { "\"'`).;:".contains($0) }
    }
}
