/// An XML element of a case or of a response, read by a parser of the tests' own so that ours does not judge itself.
///
/// It reads only what well-formed documents of these cases hold; anything else is nil.
struct CaseXML: Sendable, Equatable {
    var name: String
    var attributes: [String: String] = [:]
    var children: [CaseXML] = []
    var text = ""

    static func parse(_ document: String) -> CaseXML? {
        var parser = Parser(rest: Substring(document))
        parser.skipMisc()
        guard let root = parser.element() else { return nil }
        parser.skipMisc()
        return parser.rest.isEmpty ? root : nil
    }

    /// Elements whose content depends on the request, which no case fixes.
    private static let requestElements: Set<String> = [
        "ResponseMetadata", "RequestId", "RequestID", "requestId", "HostId",
    ]

    /// What is different, as a path and a sentence; nil when both mean the same. Elements of different names may stand
    /// in any order; what identifies a request is not compared.
    func difference(from expected: CaseXML, isRoot: Bool = true) -> String? {
        guard self.name == expected.name else { return "<\(self.name)>, not <\(expected.name)>" }
        var attributes = self.attributes
        // AWS's services declare their namespace on every root, the cases do not.
        if isRoot, expected.attributes["xmlns"] == nil { attributes["xmlns"] = nil }
        guard attributes == expected.attributes else {
            return "<\(self.name)> has \(attributes), not \(expected.attributes)"
        }
        let found = self.children.filter { !Self.requestElements.contains($0.name) }
        let due = expected.children.filter { !Self.requestElements.contains($0.name) }
        if found.isEmpty, due.isEmpty, self.children.isEmpty, self.text != expected.text,
            !(self.text.isEmpty && expected.text.allSatisfy(\.isWhitespace))
        {
            return "<\(self.name)> holds '\(self.text)', not '\(expected.text)'"
        }
        let names = Set(found.map(\.name)).union(due.map(\.name))
        for name in names.sorted() {
            let left = found.filter { $0.name == name }
            let right = due.filter { $0.name == name }
            guard left.count == right.count else {
                return "\(left.count) <\(name)> in <\(self.name)>, not \(right.count)"
            }
            for (left, right) in zip(Self.ordered(left), Self.ordered(right)) {
                if let difference = left.difference(from: right, isRoot: false) { return "\(self.name)/\(difference)" }
            }
        }
        return nil
    }

    /// Names of the keys of maps in the cases.
    private static let keyNames: Set<String> = ["key", "K", "Attribute", "OuterKey", "InnerKey"]

    /// The entries of a map in the order of their keys; anything else as it stands.
    private static func ordered(_ elements: [CaseXML]) -> [CaseXML] {
        let areEntries = elements.allSatisfy { $0.children.contains { self.keyNames.contains($0.name) } }
        guard areEntries else { return elements }
        func key(_ entry: CaseXML) -> String {
            entry.children.first { self.keyNames.contains($0.name) }?.text ?? ""
        }
        return elements.sorted { key($0) < key($1) }
    }

    private struct Parser {
        var rest: Substring

        mutating func skip(_ text: String) -> Bool {
            guard self.rest.hasPrefix(text) else { return false }
            self.rest = self.rest.dropFirst(text.count)
            return true
        }

        mutating func upTo(_ text: String) -> Substring? {
            guard let range = self.rest.firstRange(of: text) else { return nil }
            let taken = self.rest[..<range.lowerBound]
            self.rest = self.rest[range.upperBound...]
            return taken
        }

        mutating func skipSpace() {
            self.rest = self.rest.drop(while: \.isWhitespace)
        }

        mutating func skipMisc() {
            self.skipSpace()
            while self.rest.hasPrefix("<?") || self.rest.hasPrefix("<!--") {
                _ = self.upTo(self.rest.hasPrefix("<?") ? "?>" : "-->")
                self.skipSpace()
            }
        }

        mutating func name() -> String {
            let name = self.rest.prefix { !$0.isWhitespace && $0 != ">" && $0 != "/" && $0 != "=" }
            self.rest = self.rest.dropFirst(name.count)
            return String(name)
        }

        mutating func element() -> CaseXML? {
            guard self.skip("<") else { return nil }
            var element = CaseXML(name: self.name())
            self.skipSpace()
            while !self.rest.hasPrefix(">"), !self.rest.hasPrefix("/>") {
                let name = self.name()
                guard !name.isEmpty, self.skip("=\""), let value = self.upTo("\"") else { return nil }
                element.attributes[name] = Self.resolved(value)
                self.skipSpace()
            }
            if self.skip("/>") { return element }
            guard self.skip(">") else { return nil }
            while !self.rest.hasPrefix("</") {
                if self.rest.isEmpty { return nil }
                if self.skip("<!--") {
                    _ = self.upTo("-->")
                } else if self.skip("<![CDATA[") {
                    element.text += self.upTo("]]>") ?? ""
                } else if self.rest.hasPrefix("<") {
                    guard let child = self.element() else { return nil }
                    element.children.append(child)
                } else {
                    let text = self.rest.prefix { $0 != "<" }
                    self.rest = self.rest.dropFirst(text.count)
                    element.text += Self.resolved(text)
                }
            }
            guard self.skip("</\(element.name)") else { return nil }
            self.skipSpace()
            return self.skip(">") ? element : nil
        }

        private static func resolved(_ text: Substring) -> String {
            String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
                .replacing("&#xD;", with: "\r").replacing("&#xA;", with: "\n")
                .replacing("&#13;", with: "\r").replacing("&#10;", with: "\n").replacing("&amp;", with: "&")
        }
    }
}
