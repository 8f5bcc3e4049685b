internal import ServiceModel

/// The requirements of OpenAI's API on schemas with `strict`: objects must be closed, and require all their properties.
/// - Source: OpenAI's guide, "Structured model outputs", on supported schemas; the sentences that its users report.
enum OpenAISchema {
    /// Deeper levels are not checked.
    private static let depthMax = 64
    /// Members that contain schemas by name.
    private static let named = ["properties", "$defs", "definitions"]

    /// - Returns: the error in a schema, without the name of what the schema is for; nil when it is valid.
    static func fault(in schema: Document) -> String? { self.fault(in: schema, at: []) }

    private static func fault(in schema: Document, at place: [String]) -> String? {
        guard place.count < self.depthMax else { return nil }
        let types = schema["type"].map { type in type.text.map { [$0] } ?? type.texts } ?? []
        let properties = schema["properties"]?.members ?? []
        if types.contains("object") || !properties.isEmpty {
            guard schema["additionalProperties"] == .boolean(false) else {
                return "In context=\(self.text(place)), 'additionalProperties' is required to be supplied and to be "
                    + "false."
            }
            let required = Set(schema["required"]?.texts ?? [])
            if let missing = properties.first(where: { !required.contains($0.name) })?.name {
                return "In context=\(self.text(place)), 'required' is required to be supplied and to be an array "
                    + "including every key in properties. Missing '\(missing)'."
            }
        }
        for name in self.named {
            for member in schema[name]?.members ?? [] {
                if let fault = self.fault(in: member.value, at: place + [name, member.name]) { return fault }
            }
        }
        if let items = schema["items"], let fault = self.fault(in: items, at: place + ["items"]) { return fault }
        for (index, choice) in (schema["anyOf"]?.elements ?? []).enumerated() {
            if let fault = self.fault(in: choice, at: place + ["anyOf", String(index)]) { return fault }
        }
        return nil
    }

    /// A path in the form of a Python tuple.
    private static func text(_ place: [String]) -> String {
        let names = place.map { "'\($0)'" }.joined(separator: ", ")
        return place.count == 1 ? "(\(names),)" : "(\(names))"
    }

    /// The schema of a function's arguments: an object; without members if the request gives none.
    /// - Source: OpenAI API reference, "Create chat completion", on a tool's `parameters`.
    static func parameters(_ told: Document?) -> Document {
        guard let told, !told.members.isEmpty else {
            return .object(["type": .string("object"), "properties": .object([])])
        }
        return told
    }

    /// Whether a text contains the word that is required for answers in arbitrary JSON.
    /// - Complexity: O(bytes).
    static func mentionsJSON(_ text: String) -> Bool {
        let word = Array("json".utf8)
        var count = 0
        for byte in text.utf8 {
            let letter = byte | 0x20
            count = letter == word[count] ? count + 1 : letter == word[0] ? 1 : 0
            if count == word.count { return true }
        }
        return false
    }
}
