internal import ServiceModel
internal import WireProtocols

/// The page of a list of models that a request selects; the list is sorted by name.
struct AnthropicModelPage {
    private static let countStandard = 20
    private static let countMax = 1000

    private let countMax: Int
    private let after: String?
    private let before: String?

    /// - Source: the limits are Anthropic's; the sentences are those that its users report for members of bodies.
    init(_ query: QueryItems) throws(ServiceError) {
        self.countMax = try Self.count(query.values("limit").last)
        self.after = query.values("after_id").last
        self.before = query.values("before_id").last
    }

    private static func count(_ text: String?) throws(ServiceError) -> Int {
        guard let text else { return self.countStandard }
        guard let count = Int(text) else {
            throw .invalid("limit: Input should be a valid integer, unable to parse string as an integer")
        }
        guard count >= 1 else { throw .invalid("limit: Input should be greater than or equal to 1") }
        guard count <= self.countMax else {
            throw .invalid("limit: Input should be less than or equal to \(self.countMax)")
        }
        return count
    }

    /// The page of these names; the cursor may be a name that no longer exists.
    func document(_ names: [String]) -> Document {
        var names = names
        if let after = self.after { names.removeAll { $0 <= after } }
        if let before = self.before { names.removeAll { $0 >= before } }
        // With only `before_id`, the page is the end of the list before it.
        let isBackwards = self.before != nil && self.after == nil
        let page = isBackwards ? names.suffix(self.countMax) : names.prefix(self.countMax)
        return .object([
            "data": .array(page.map(Self.entry)), "has_more": .boolean(page.count < names.count),
            "first_id": page.first.map { .string($0) } ?? .null, "last_id": page.last.map { .string($0) } ?? .null,
        ])
    }

    /// A model; its creation time and its limits are not known here, and are given as Anthropic's values for unknown
    /// ones.
    static func entry(_ name: String) -> Document {
        .object([
            "type": .string("model"), "id": .string(name), "display_name": .string(name),
            "created_at": .string("1970-01-01T00:00:00Z"), "lifecycle": .string("active"), "line": .null,
            "deprecated_at": .null, "retires_at": .null, "max_input_tokens": .null, "max_tokens": .null,
            "capabilities": .null,
        ])
    }
}
