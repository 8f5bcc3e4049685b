internal import ServiceModel
internal import WireProtocols

/// The input items of a response, in the form in which clients list them.
/// - Source: OpenAI API reference, "List input items".
struct KeptItems {
    private static let countStandard = 20
    private static let countMax = 100
    /// The prefixes of ids, by the type of the item.
    private static let kinds = ["function_call": "fc", "function_call_output": "fc", "reasoning": "rs"]

    private let countMax: Int
    private let isAscending: Bool
    private let after: String?

    init(_ query: QueryItems) throws(ServiceError) {
        self.countMax = try Self.count(query.values("limit").last)
        let order = query.values("order").last ?? "desc"
        guard ["asc", "desc"].contains(order) else {
            throw OpenAIRules.fault(
                "Invalid value: '\(order)'. Supported values are: 'asc' and 'desc'.", "order", "invalid_value")
        }
        self.isAscending = order == "asc"
        self.after = query.values("after").last
    }

    private static func count(_ text: String?) throws(ServiceError) -> Int {
        guard let text else { return self.countStandard }
        guard let count = Int(text) else {
            throw OpenAIRules.fault(
                "Invalid type for 'limit': expected an integer, but got a string instead.", "limit", "invalid_type")
        }
        guard count >= 1 else {
            throw OpenAIRules.fault(
                "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got \(count) instead.",
                "limit", "integer_below_min_value")
        }
        guard count <= self.countMax else {
            throw OpenAIRules.fault(
                "Invalid 'limit': integer above maximum value. Expected a value <= \(self.countMax), but got \(count) "
                    + "instead.", "limit", "integer_above_max_value")
        }
        return count
    }

    /// Items of a request with ids: those without one get an id derived from the response's.
    static func named(_ items: [Document], token: String) -> [Document] {
        items.enumerated().map { index, item in
            guard item["id"]?.text == nil else { return item }
            let kind = self.kinds[item["type"]?.text ?? ""] ?? "msg"
            return .object(
                [.init("id", .string("\(kind)_\(token)i\(index)"))] + item.members.filter { $0.name != "id" })
        }
    }

    /// The page of these items, which are in chronological order.
    func document(_ items: [Document]) -> Document {
        var items = self.isAscending ? items[...] : items.reversed()[...]
        if let after = self.after, let place = items.firstIndex(where: { $0["id"] == .string(after) }) {
            items = items[(place + 1)...]
        }
        let page = items.prefix(self.countMax)
        return .object([
            "object": .string("list"), "data": .array(page.map(Self.listed)),
            "first_id": page.first?["id"] ?? .null, "last_id": page.last?["id"] ?? .null,
            "has_more": .boolean(page.count < items.count),
        ])
    }

    /// An item in full: with its type, and with text as a list of one part.
    private static func listed(_ item: Document) -> Document {
        var members = item.members
        if item["type"]?.text == nil { members.insert(.init("type", .string("message")), at: 0) }
        if item["status"]?.text == nil { members.append(.init("status", .string("completed"))) }
        guard let text = item["content"]?.text else { return .object(members) }
        let kind = item["role"] == .string("assistant") ? "output_text" : "input_text"
        var part: [Document.Member] = [.init("type", .string(kind)), .init("text", .string(text))]
        if kind == "output_text" { part.append(.init("annotations", .array([]))) }
        members.removeAll { $0.name == "content" }
        return .object(members + [.init("content", .array([.object(part)]))])
    }
}
