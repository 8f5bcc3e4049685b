package import ServiceModel

/// Another name of a model, or a pattern of names: whoever asks for what fits is answered by the model.
package struct ModelAlias: Sendable, Hashable {
    /// More than this are refused.
    package static let countMax = 1000
    static let format = "brume-aliases 1"

    /// A name in which `*` stands for any characters.
    package var pattern: String
    /// The name of a model here.
    package var model: String

    package init(pattern: String, model: String) {
        self.pattern = pattern
        self.model = model
    }

    package var document: Document {
        .object(["alias": .string(self.pattern), "model": .string(self.model)])
    }

    /// As one line of JSON, for programs.
    package var json: String { String(decoding: RegistryText.json(self.document), as: UTF8.self) }

    init?(_ document: Document) {
        guard let pattern = document["alias"]?.text, let model = document["model"]?.text else { return nil }
        self.init(pattern: pattern, model: model)
    }

    /// Whether the whole of a name fits.
    package func fits(_ name: String) -> Bool { Self.fits(name, pattern: self.pattern) }

    /// Whether the whole of a name fits a pattern, in which `*` stands for any characters.
    /// - Complexity: O(characters of both), but for patterns with several stars.
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

    /// Characters that a name must have to fit; of two patterns that fit, the one with more counts.
    package var fixedCount: Int { self.pattern.utf8.count { $0 != UInt8(ascii: "*") } }
}
