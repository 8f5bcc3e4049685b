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

    /// Whether a pattern, in which `*` matches any characters, matches the whole name, byte by byte.
    /// - Complexity: O(bytes of both), and for patterns with several stars O(bytes of the name times those between two
    ///   stars) at most; no allocation.
    package static func fits(_ name: String, pattern: String) -> Bool {
        let name = name.utf8.span
        let pattern = pattern.utf8.span
        let star = UInt8(ascii: "*")
        var (place, index) = (0, 0)
        // Behind the last star, and where in the name what follows it is tried.
        var retry: (index: Int, place: Int)?
        while place < name.count {
            if index < pattern.count, pattern[index] == star {
                index += 1
                retry = (index, place)
            } else if index < pattern.count, pattern[index] == name[place] {
                index += 1
                place += 1
            } else if let last = retry {
                (index, place) = (last.index, last.place + 1)
                retry = (index, place)
            } else {
                return false
            }
        }
        while index < pattern.count, pattern[index] == star { index += 1 }
        return index == pattern.count
    }

    /// The number of literal characters; of two matching patterns, the one with more takes precedence.
    package var fixedCount: Int { self.pattern.utf8.count { $0 != UInt8(ascii: "*") } }
}
