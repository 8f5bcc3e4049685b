/// Addresses (URLs) inside texts that people read, such as log lines.
package enum AddressText {
    /// In a database's address the user name is no secret and helps to tell databases apart; in others it is often a
    /// token.
    private static let schemesWithUser = ["postgres", "postgresql"]

    /// A text with user and password removed from every address in it: `http://user:word@host/` becomes
    /// `http://***@host/`.
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
        // A slash in a password should be written as %2F and a comma as %2C, but people write them as they are.
        guard !authority.hasPrefix("["), let colon = authority.lastIndex(of: ":"),
            !self.isPort(authority[authority.index(after: colon)...])
        else { return nil }
        return word.lastIndex(of: "@")
    }

    /// Whether a text can follow a host's colon: a port, perhaps with punctuation of the sentence around it.
    private static func isPort(_ text: Substring) -> Bool {
        let marks = text.drop { $0.isASCII && $0.isNumber }
        return marks.startIndex > text.startIndex && marks.allSatisfy { "\"'`).;:".contains($0) }
    }
}
