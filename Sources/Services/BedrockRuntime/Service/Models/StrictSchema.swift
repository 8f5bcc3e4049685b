internal import ServiceModel

/// The requirements on the schema of a `strict` tool.
///
/// - Source: Amazon Bedrock User Guide, "Get validated JSON results from models": objects are closed, and limits of
///   numbers, of lengths and of arrays are not supported, except `minItems` of 0 and 1. The sentences are those that
///   users of Claude's models report.
enum StrictSchema {
    /// The limit on strict tools in a request.
    private static let toolsMax = 20
    /// Deeper schemas are refused.
    private static let depthMax = 64
    /// Members that contain one schema.
    private static let single = ["items", "not", "if", "then", "else", "contains"]
    /// Members that contain a list of schemas.
    private static let lists = ["anyOf", "oneOf", "allOf", "prefixItems"]
    /// Members that contain schemas by name.
    private static let named = ["properties", "$defs", "definitions"]
    private static let unsupported = [
        "integer": ["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"],
        "number": ["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"],
        "string": ["maxLength", "minLength"], "array": ["maxItems"],
    ]

    /// The error for this number of strict tools, or nil.
    static func fault(toolCount: Int) -> String? {
        guard toolCount > self.toolsMax else { return nil }
        return "Too many strict tools (\(toolCount)). The maximum number of strict tools supported is "
            + "\(self.toolsMax). Try reducing the number of tools marked as strict."
    }

    /// - Returns: the error in the schema, or nil.
    static func fault(in schema: Document, depth: Int = 0) -> String? {
        guard depth < self.depthMax else { return "The schema is nested too deep" }
        let types = schema["type"].map { type in type.text.map { [$0] } ?? type.texts } ?? []
        if types.contains("object"), schema["additionalProperties"] != .boolean(false) {
            return "For 'object' type, 'additionalProperties' must be explicitly set to false"
        }
        var seen: Set<String> = []
        for type in types where seen.insert(type).inserted {
            let found = (self.unsupported[type] ?? []).filter { schema[$0] != nil }
            switch found.count {
            case 0: continue
            case 1: return "For '\(type)' type, property '\(found[0])' is not supported"
            default: return "For '\(type)' type, properties \(found.joined(separator: ", ")) are not supported"
            }
        }
        if types.contains("array"), let count = schema["minItems"]?.double, count != 0, count != 1 {
            return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
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
