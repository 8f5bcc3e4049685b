internal import Primitives

/// A URI template of a model, such as `/model/{modelId}/converse` or `/{Bucket}/{Key+}?uploads`.
package struct URITemplate: Sendable, Equatable {
    /// A path segment.
    package enum Segment: Sendable, Equatable {
        /// The decoded text.
        case literal(String)
        case label(String)
        /// One or more segments, including the slashes between them.
        case greedy(String)
    }

    /// A query parameter that the template requires; without a value, the name is sufficient.
    package struct QueryLiteral: Sendable, Equatable {
        package var name: String
        package var value: String?
    }

    package let segments: [Segment]
    package let queryLiterals: [QueryLiteral]

    package init(_ text: String) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.segments = halves[0].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .filter { !$0.isEmpty }
            .map(Self.segment)
        self.queryLiterals =
            halves.count < 2
            ? []
            : halves[1].split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return QueryLiteral(name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : nil)
            }
    }

    private static func segment(_ text: Substring) -> Segment {
        guard text.hasPrefix("{"), text.hasSuffix("}") else { return .literal(String(text)) }
        let name = text.dropFirst().dropLast()
        return name.hasSuffix("+") ? .greedy(String(name.dropLast())) : .label(String(name))
    }
}
