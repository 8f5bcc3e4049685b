internal import ServiceModel
internal import WireProtocols

/// A grammar (GBNF, llama.cpp's format) for the JSON texts that conform to a JSON Schema.
///
/// It allows no white space between tokens: the engine's own grammars do, and a small model can waste its whole answer
/// on it. Members have the schema's order, optional ones may be omitted, and no others are allowed. `pattern`, `format`
/// and numeric bounds are not part of the grammar: the model only sees them in its prompt.
/// - Source: llama.cpp, grammars/README.md.
package struct SchemaGrammar {
    /// The maximum number of rules of one grammar; a larger schema is refused.
    static let ruleCountMax = 4_000
    static let depthMax = 64
    /// Larger repetition counts are treated as unbounded, since each repetition costs the engine time.
    static let repetitionMax = 256

    private static let primitives = #"""
        char ::= [^"\\\x7F\x00-\x1F] | [\\] (["\\bfnrt] | "u" [0-9a-fA-F]{4})
        string ::= "\"" char* "\""
        int ::= "0" | [1-9] [0-9]{0,15}
        integer ::= "-"? int
        number ::= "-"? int ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?
        boolean ::= "true" | "false"
        null ::= "null"
        member ::= string ":" value
        object ::= "{" (member ("," member)*)? "}"
        array ::= "[" (value ("," value)*)? "]"
        value ::= object | array | string | number | boolean | null

        """#

    private var rules: [String] = []
    private var ruleCount = 0
    private var parts = SchemaParts(root: .null)
    /// The rules of what is referred to, and of schemas that are made of others, by their texts: so that schemas may
    /// be recursive.
    private var rulesByKey: [String: String] = [:]

    /// The grammar of a call of one of these tools: `{"name":"…","arguments":{…}}`.
    package static func call(of tools: [ChatRequest.Tool]) throws(InferenceError) -> String {
        var grammar = SchemaGrammar()
        var calls: [String] = []
        for tool in tools {
            grammar.parts.root = tool.schema
            grammar.rulesByKey = [:]
            // Arguments are an object, also where the schema does not say so.
            let type = tool.schema["type"] == nil ? [Document.Member("type", .string("object"))] : []
            let arguments = try grammar.expression(.object(tool.schema.members + type), depth: 0)
            calls.append(self.literal(self.beginning(ofCallOf: tool.name)) + " " + arguments + " \"}\"")
        }
        return "root ::= " + calls.joined(separator: " | ") + "\n" + grammar.rules.joined() + self.primitives
    }

    /// The beginning of a call of a tool.
    static func beginning(ofCallOf name: String) -> String {
        "{\"name\":" + Document.string(name).jsonText + ",\"arguments\":"
    }

    private mutating func rule(_ body: String) throws(InferenceError) -> String {
        let name = try self.newName()
        self.rules.append("\(name) ::= \(body)\n")
        return name
    }

    private static var tooLarge: InferenceError {
        .unsupported("The schemas of the tools are too large for a forced tool choice.")
    }

    /// A literal, whose text counts: a schema that is referred to often has its literals written as often.
    private mutating func charged(_ text: String) throws(InferenceError) -> String {
        guard self.parts.charge(text: text) else { throw Self.tooLarge }
        return Self.literal(text)
    }

    private mutating func newName() throws(InferenceError) -> String {
        self.ruleCount += 1
        guard self.ruleCount <= Self.ruleCountMax else { throw Self.tooLarge }
        return "r\(self.ruleCount)"
    }

    private mutating func expression(_ schema: Document, depth: Int) throws(InferenceError) -> String {
        guard depth < Self.depthMax else {
            throw .unsupported("The schema of a tool is nested too deep for a forced tool choice.")
        }
        guard self.parts.charge(schema) else { throw Self.tooLarge }
        if let reference = schema["$ref"]?.text {
            guard let place = self.parts.schema(at: reference) else {
                throw .unsupported("The schema of a tool refers to \(reference.prefix(200)), which is not in it.")
            }
            if schema.reference != nil {
                return try self.named(reference) { grammar throws(InferenceError) in
                    try grammar.expression(place, depth: depth + 1)
                }
            }
        }
        if let value = schema["const"] { return try self.charged(value.jsonText) }
        if let values = schema["enum"]?.elements, !values.isEmpty {
            var literals: [String] = []
            for value in values { literals.append(try self.charged(value.jsonText)) }
            return try self.rule(literals.joined(separator: " | "))
        }
        let others = ["anyOf", "oneOf", "allOf"]
        if schema["$ref"]?.text != nil || others.contains(where: { schema[$0]?.elements.isEmpty == false }) {
            let text = schema.jsonText
            guard self.parts.charge(schema), self.parts.charge(text: text) else { throw Self.tooLarge }
            return try self.named(text) { grammar throws(InferenceError) in try grammar.made(of: schema, depth) }
        }
        switch schema["type"] {
        case .array(let names)?:
            let members = schema.members.filter { $0.name != "type" }
            var choices: [String] = []
            for name in names {
                choices.append(try self.expression(.object([.init("type", name)] + members), depth: depth + 1))
            }
            return try self.rule(choices.joined(separator: " | "))
        case .string("object")?: return try self.object(schema, depth)
        case .string("array")?: return try self.array(schema, depth)
        case .string("string")?: return Self.string(schema)
        case .string("integer")?: return "integer"
        case .string("number")?: return "number"
        case .string("boolean")?: return "boolean"
        case .string("null")?: return "null"
        default: return schema.describesObject ? try self.object(schema, depth) : "value"
        }
    }

    /// The body of a schema that is made of others.
    private mutating func made(of schema: Document, _ depth: Int) throws(InferenceError) -> String {
        for keyword in ["anyOf", "oneOf"] {
            guard let choices = schema[keyword]?.elements, !choices.isEmpty else { continue }
            var bodies: [String] = []
            for choice in choices {
                guard let chosen = self.parts.chosen(choice, of: keyword, in: schema) else { throw Self.tooLarge }
                bodies.append(try self.expression(chosen, depth: depth + 1))
            }
            return bodies.joined(separator: " | ")
        }
        guard let whole = self.parts.whole(schema) else { throw Self.tooLarge }
        return try self.expression(whole, depth: depth + 1)
    }

    /// The rule with this key.
    private mutating func named(
        _ key: String, _ body: (inout SchemaGrammar) throws(InferenceError) -> String
    ) throws(InferenceError) -> String {
        if let name = self.rulesByKey[key] { return name }
        let name = try self.newName()
        self.rulesByKey[key] = name
        let text = try body(&self)
        self.rules.append("\(name) ::= \(text)\n")
        return name
    }

    private mutating func object(_ schema: Document, _ depth: Int) throws(InferenceError) -> String {
        let properties = schema.properties
        guard !properties.isEmpty else {
            switch schema["additionalProperties"] {
            case .boolean(false)?: return "\"{}\""
            case let values? where !values.members.isEmpty:
                let value = try self.expression(values, depth: depth + 1)
                let member = try self.rule("string \":\" \(value)")
                return try self.rule("\"{\" (\(member) (\",\" \(member))*)? \"}\"")
            default: return "object"
            }
        }
        let required = Set((schema["required"]?.elements ?? []).compactMap(\.text))
        // From the last member to the first: what may follow after a member, and what may follow before any member.
        var following = "\"}\""
        var leading = "\"}\""
        for property in properties.reversed() {
            let value = try self.expression(property.value, depth: depth + 1)
            let member = try self.charged(Document.string(property.name).jsonText + ":") + " " + value
            let isRequired = required.contains(property.name)
            let after = following
            following = try self.rule(
                isRequired ? "\",\" \(member) \(after)" : "\",\" \(member) \(after) | \(after)")
            leading = try self.rule(isRequired ? "\(member) \(after)" : "\(member) \(after) | \(leading)")
        }
        return try self.rule("\"{\" \(leading)")
    }

    private mutating func array(_ schema: Document, _ depth: Int) throws(InferenceError) -> String {
        let least = max(0, schema["minItems"]?.integer ?? 0)
        let most = schema["maxItems"]?.integer
        if let most, most <= 0 { return "\"[]\"" }
        let first = schema["prefixItems"]?.elements ?? []
        if !first.isEmpty {
            var items: [String] = []
            for item in first.prefix(most ?? .max) { items.append(try self.expression(item, depth: depth + 1)) }
            let missing = min(least, most ?? .max, Self.repetitionMax) - items.count
            var list = items.joined(separator: " \",\" ")
            if missing > 0 {
                let item = try self.expression(schema["items"] ?? .null, depth: depth + 1)
                let isOpen = most == nil && least > Self.repetitionMax
                list += " \(try self.rule("\",\" \(item)")){\(missing)\(isOpen ? "," : "")}"
            }
            return try self.rule("\"[\" \(list) \"]\"")
        }
        let item = try self.expression(schema["items"] ?? .null, depth: depth + 1)
        let more = try self.rule("\",\" \(item)")
        let rest = "\(item) " + Self.repeated(more, least: least - 1, most: most.map { $0 - 1 })
        return try self.rule(least > 0 ? "\"[\" \(rest) \"]\"" : "\"[\" (\(rest))? \"]\"")
    }

    private static func string(_ schema: Document) -> String {
        let least = schema["minLength"]?.integer ?? 0
        let most = schema["maxLength"]?.integer
        guard least > 0 || most != nil else { return "string" }
        return "\"\\\"\" " + self.repeated("char", least: least, most: most) + " \"\\\"\""
    }

    private static func repeated(_ expression: String, least: Int, most: Int?) -> String {
        let least = min(max(0, least), self.repetitionMax)
        guard let most, most >= least, most <= self.repetitionMax else {
            return least == 0 ? "\(expression)*" : "\(expression){\(least),}"
        }
        return most == 0 ? "\"\"" : "\(expression){\(least),\(most)}"
    }

    /// A text as a GBNF literal.
    private static func literal(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
