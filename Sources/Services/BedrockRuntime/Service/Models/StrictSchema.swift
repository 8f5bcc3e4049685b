internal import ServiceModel

/// What a schema must be, and must not have, where a tool is `strict`.
///
/// - Source: Amazon Bedrock User Guide, "Get validated JSON results from models": objects are closed, and bounds of
///   numbers and of lengths are not supported. The sentences are those that users of Claude's models report; of one
///   property it is worded by guess.
enum StrictSchema {
    /// A schema that is nested deeper is refused.
    private static let depthMax = 64
    /// Members that hold one schema.
    private static let single = ["items", "not", "if", "then", "else", "contains"]
    /// Members that hold a list of schemas.
    private static let lists = ["anyOf", "oneOf", "allOf", "prefixItems"]
    /// Members that hold schemas by name.
    private static let named = ["properties", "$defs", "definitions"]
    private static let unsupported = [
        "integer": ["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"],
        "number": ["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"],
        "string": ["maxLength", "minLength"],
    ]

    /// - Returns: what is wrong with it, or nil.
    static func fault(in schema: Document, depth: Int = 0) -> String? {
        guard depth < self.depthMax else { return "The schema is nested too deep" }
        let types = schema["type"].map { type in type.text.map { [$0] } ?? type.texts } ?? []
        if types.contains("object"), schema["additionalProperties"] != .boolean(false) {
            return "For 'object' type, 'additionalProperties' must be explicitly set to false"
        }
        for type in types {
            let found = (self.unsupported[type] ?? []).filter { schema[$0] != nil }
            switch found.count {
            case 0: continue
            case 1: return "For '\(type)' type, property '\(found[0])' is not supported"
            default: return "For '\(type)' type, properties \(found.joined(separator: ", ")) are not supported"
            }
        }
        let inner =
            self.single.compactMap { schema[$0] } + self.lists.flatMap { schema[$0]?.elements ?? [] }
            + self.named.flatMap { (schema[$0]?.members ?? []).map(\.value) }
        for schema in inner {
            if let fault = self.fault(in: schema, depth: depth + 1) { return fault }
        }
        return nil
    }
}
