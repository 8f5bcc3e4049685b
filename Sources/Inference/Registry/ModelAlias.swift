package import ServiceModel

/// Another name of a model, or a pattern of names: requests for a matching name go to the model.
package struct ModelAlias: Sendable, Equatable {
    /// The maximum number of aliases.
    package static let countMax = 1000
    static let format = "brume-aliases 1"

    /// A name in which `*` matches any characters.
    package var pattern: String
    /// The name of the model.
    package var model: String

    package init(pattern: String, model: String) {
        self.pattern = pattern
        self.model = model
    }

    package var document: Document {
        .object(["alias": .string(self.pattern), "model": .string(self.model)])
    }

    /// The alias as one line of JSON, for programs.
    package var json: String { String(decoding: RegistryText.json(self.document), as: UTF8.self) }

    init?(_ document: Document) {
        guard let pattern = document["alias"]?.text, let model = document["model"]?.text else { return nil }
        self.init(pattern: pattern, model: model)
    }

    /// Whether the pattern matches the whole name.
    package func fits(_ name: String) -> Bool { Self.fits(name, pattern: self.pattern) }

    /// Whether a pattern, in which `*` matches any characters, matches the whole name.
    /// - Complexity: O(characters of both), except for patterns with several stars.
    package static func fits(_ name: String, pattern: String) -> Bool {
        var parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return name == pattern }
        var rest = name[...]
        let (first, last) = (parts.removeFirst(), parts.removeLast())
        guard rest.hasPrefix(first) else { return false }
        rest = rest.dropFirst(first.count)
        for part in parts where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(last)
    }

    /// The number of literal characters; of two matching patterns, the one with more takes precedence.
    package var fixedCount: Int { self.pattern.utf8.count { $0 != UInt8(ascii: "*") } }
}
