/// The location of a store: a database that several servers share, or a directory.
package enum StoreAddress {
    private static let schemes = ["postgres://", "postgresql://"]
    private static let secretParameters = ["password", "sslpassword"]

    /// Whether the text is an address of a database, not a path.
    package static func isDatabase(_ text: String) -> Bool {
        self.schemes.contains(where: text.hasPrefix)
    }

    /// The address without its password, for logs and terminals.
    ///
    /// - Returns: a text that is not a database address is returned unchanged.
    package static func withoutPassword(_ text: String) -> String {
        guard let start = text.firstRange(of: "://")?.upperBound else { return text }
        var shown = text
        // Up to the last `@`: an `@` in a password should be written as %40, but people write it as it is.
        if let at = shown.lastIndex(of: "@"), let colon = shown[start..<at].firstIndex(of: ":") {
            shown.replaceSubrange(shown.index(after: colon)..<at, with: "***")
        }
        guard let question = shown.firstIndex(of: "?") else { return shown }
        let parameters = shown[shown.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        let safe = parameters.map { parameter in
            let name = parameter.prefix { $0 != "=" }
            return self.secretParameters.contains(String(name)) ? "\(name)=***" : String(parameter)
        }
        return shown[...question] + safe.joined(separator: "&")
    }
}
