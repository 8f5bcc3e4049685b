internal import ServiceModel

/// Checks whether the schema of a tool is a valid JSON schema, and one that Claude accepts.
///
/// - Source: JSON Schema draft 2020-12, its meta-schema; the sentences that users of Claude and of Converse report.
enum ToolSchema {
    /// The required type of a keyword's value.
    private enum Keyword {
        case schema
        case schemas
        case namedSchemas
        case text
        case flag
        case number
        case count
        case list
    }

    /// A violation of the meta-schema.
    struct Violation {
        /// The path, such as `$.properties`, as far out as it is known.
        private(set) var place: String
        /// The actual and the expected type; nil when the type is right.
        let types: (found: String, expected: String)?

        fileprivate init(_ place: String = "", _ value: Document? = nil, expected: String = "") {
            self.place = place
            self.types = value.map { (ToolSchema.name($0), expected) }
        }

        fileprivate func inside(_ outer: String) -> Violation {
            var violation = self
            violation.place = outer + self.place
            return violation
        }

        /// Converse's sentence; nil when only the model refuses the schema.
        var sentence: String? { self.types.map { "\(self.place): \($0.found) found, \($0.expected) expected" } }
    }

    /// Deeper levels are not checked.
    private static let depthMax = 64
    private static let propertyLettersMax = 64

    private static let keywords: [String: Keyword] = [
        "properties": .namedSchemas, "patternProperties": .namedSchemas, "$defs": .namedSchemas,
        "definitions": .namedSchemas, "dependentSchemas": .namedSchemas, "anyOf": .schemas, "oneOf": .schemas,
        "allOf": .schemas, "prefixItems": .schemas, "items": .schema, "not": .schema, "if": .schema, "then": .schema,
        "else": .schema, "contains": .schema, "additionalProperties": .schema, "propertyNames": .schema,
        "unevaluatedItems": .schema, "unevaluatedProperties": .schema, "title": .text, "description": .text,
        "pattern": .text, "format": .text, "$ref": .text, "$id": .text, "$schema": .text, "$comment": .text,
        "uniqueItems": .flag, "deprecated": .flag, "readOnly": .flag, "writeOnly": .flag, "maximum": .number,
        "minimum": .number, "exclusiveMaximum": .number, "exclusiveMinimum": .number, "multipleOf": .number,
        "maxLength": .count, "minLength": .count, "maxItems": .count, "minItems": .count, "maxProperties": .count,
        "minProperties": .count, "enum": .list, "examples": .list,
    ]
    private static let types: Set<String> = ["array", "boolean", "integer", "null", "number", "object", "string"]

    /// Claude's error about a schema, to follow its path; nil when Claude accepts it.
    static func claudeFault(_ schema: Document) -> String? {
        if ["oneOf", "allOf", "anyOf"].contains(where: { schema[$0] != nil }) {
            return ": input_schema does not support oneOf, allOf, or anyOf at the top level"
        }
        guard self.violation(in: schema) == nil else {
            return ": JSON schema is invalid. It must match JSON Schema draft 2020-12 "
                + "(https://json-schema.org/draft/2020-12). Learn more about tool use at "
                + "https://docs.claude.com/en/docs/tool-use."
        }
        let isNamed = (schema["properties"]?.members ?? []).allSatisfy { self.isPropertyName($0.name) }
        guard !isNamed else { return nil }
        return ".properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,\(self.propertyLettersMax)}$'"
    }

    private static func isPropertyName(_ name: String) -> Bool {
        (1...self.propertyLettersMax).contains(name.utf8.count)
            && FunctionName.isPlain(String(name.filter { $0 != "." }))
    }

    /// The first violation; nil when the schema is valid.
    /// - Complexity: O(members of the schema): each is looked at once, and paths are only made for a violation.
    static func violation(in schema: Document) -> Violation? { self.violation(in: schema, depth: 0)?.inside("$") }

    private static func violation(in schema: Document, depth: Int) -> Violation? {
        guard depth < self.depthMax else { return nil }
        if case .boolean = schema { return nil }
        guard case .object(let members) = schema else { return Violation("", schema, expected: "object") }
        for member in members {
            if let violation = self.violation(of: member, depth: depth) { return violation.inside(".\(member.name)") }
        }
        return nil
    }

    private static func violation(of member: Document.Member, depth: Int) -> Violation? {
        let value = member.value
        switch (member.name, self.keywords[member.name], value) {
        case ("type", _, _): return self.violation(ofType: value)
        case ("required", _, _): return self.violation(ofRequired: value)
        // Forms of older drafts for tuples and bounds, which Converse accepts and Claude does not.
        case ("items", _, .array), ("exclusiveMaximum", _, .boolean), ("exclusiveMinimum", _, .boolean):
            return Violation()
        case (_, .schema?, _): return self.violation(in: value, depth: depth + 1)
        case (_, .schemas?, .array(let elements)):
            for (index, element) in elements.enumerated() {
                if let violation = self.violation(in: element, depth: depth + 1) {
                    return violation.inside("[\(index)]")
                }
            }
            return elements.isEmpty ? Violation() : nil
        case (_, .namedSchemas?, .object(let members)):
            for member in members {
                if let violation = self.violation(in: member.value, depth: depth + 1) {
                    return violation.inside(".\(member.name)")
                }
            }
            return nil
        case (_, .count?, .number): return (value.integer ?? -1) < 0 ? Violation() : nil
        case (_, .text?, .string), (_, .flag?, .boolean), (_, .number?, .number), (_, .list?, .array), (_, nil, _):
            return nil
        case (_, let keyword?, _): return Violation("", value, expected: self.name(keyword))
        }
    }

    private static func violation(ofType value: Document) -> Violation? {
        let names = value.text.map { [$0] } ?? value.texts
        let isWhole = value.text != nil || (names.count == value.elements.count && !names.isEmpty)
        return isWhole && names.allSatisfy(self.types.contains) ? nil : Violation()
    }

    private static func violation(ofRequired value: Document) -> Violation? {
        guard case .array(let elements) = value else { return Violation("", value, expected: "array") }
        for (index, element) in elements.enumerated() where element.text == nil {
            return Violation("[\(index)]", element, expected: "string")
        }
        return Set(value.texts).count == elements.count ? nil : Violation()
    }

    private static func name(_ keyword: Keyword) -> String {
        switch keyword {
        case .schema, .namedSchemas: "object"
        case .schemas, .list: "array"
        case .text: "string"
        case .flag: "boolean"
        case .number: "number"
        case .count: "integer"
        }
    }

    fileprivate static func name(_ value: Document) -> String {
        switch value {
        case .null: "null"
        case .boolean: "boolean"
        case .number: value.integer == nil ? "number" : "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
