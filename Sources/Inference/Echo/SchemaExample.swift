internal import ServiceModel

/// Generates a minimal value that conforms to a JSON Schema; always the same one.
struct SchemaExample {
    /// References and nesting beyond this depth give null.
    static let depthMax = 32
    /// Beyond this depth lists are empty and only required members are there, where the schema allows it: one that
    /// contains itself has an example, too.
    static let plentyDepthMax = 8
    /// The limit for elements and members of an example together, so that a small schema cannot generate a huge one.
    static let valueCountMax = 10_000
    /// The limit for all texts and given values of an example together, in bytes; further values are null.
    static let utf8CountMax = 64 << 10

    private var parts: SchemaParts
    private var valuesLeft = Self.valueCountMax
    private var utf8CountLeft = Self.utf8CountMax

    static func value(of schema: Document) -> Document {
        var example = SchemaExample(parts: SchemaParts(root: schema))
        return example.value(schema, depth: 0)
    }

    /// The arguments of a tool, which are an object whatever the schema says.
    static func arguments(of schema: Document) -> Document {
        let value = self.value(of: schema)
        return if case .object = value { value } else { .object([]) }
    }

    private init(parts: SchemaParts) {
        self.parts = parts
    }

    private mutating func value(_ schema: Document, depth: Int) -> Document {
        guard self.valuesLeft > 0, self.utf8CountLeft > 0 else { return .null }
        // Also for a value that is too deep: a list has as many as its schema asks for.
        self.valuesLeft -= 1
        guard depth < Self.depthMax, self.parts.charge(schema) else { return .null }
        if let value = schema["const"] ?? schema["default"] ?? schema["enum"]?.elements.first {
            return self.charged(value)
        }
        if let reference = schema.reference {
            return self.parts.schema(at: reference).map { self.value($0, depth: depth + 1) } ?? .null
        }
        for keyword in ["anyOf", "oneOf"] {
            guard let first = schema[keyword]?.elements.first else { continue }
            return self.parts.chosen(first, of: keyword, in: schema).map { self.value($0, depth: depth + 1) } ?? .null
        }
        if schema["allOf"]?.elements.first != nil || schema["$ref"]?.text != nil {
            return self.parts.whole(schema).map { self.value($0, depth: depth + 1) } ?? .null
        }
        switch self.type(of: schema) {
        case "object": return self.object(schema, depth)
        case "array": return self.array(schema, depth)
        case "integer": return self.charged(Self.integer(schema))
        case "number": return self.charged(Self.number(schema))
        case "boolean": return .boolean(true)
        case "string": return .string(self.string(schema))
        default: return .null
        }
    }

    private func type(of schema: Document) -> String {
        switch schema["type"] {
        case .string(let name)?: return name
        case .array(let names)?:
            if case .string(let name)? = names.first { return name }
            return "null"
        default: return schema.describesObject ? "object" : "null"
        }
    }

    private mutating func object(_ schema: Document, _ depth: Int) -> Document {
        var members: [Document.Member] = []
        let required =
            depth < Self.plentyDepthMax ? nil : Set((schema["required"]?.elements ?? []).compactMap(\.text))
        for property in schema.properties where required?.contains(property.name) ?? true {
            guard self.utf8CountLeft > 0 else { break }
            self.utf8CountLeft -= property.name.utf8.count
            members.append(.init(property.name, self.value(property.value, depth: depth + 1)))
        }
        return .object(members)
    }

    private mutating func array(_ schema: Document, _ depth: Int) -> Document {
        var elements: [Document] = []
        let most = max(0, schema["maxItems"]?.integer ?? .max)
        for item in (schema["prefixItems"]?.elements ?? []).prefix(most)
        where self.valuesLeft > 0 && self.utf8CountLeft > 0 {
            elements.append(self.value(item, depth: depth + 1))
        }
        let items = schema["items"]
        let count = max(items == nil || depth >= Self.plentyDepthMax ? 0 : 1, schema["minItems"]?.integer ?? 0)
        while elements.count < min(count, most), self.valuesLeft > 0, self.utf8CountLeft > 0 {
            elements.append(self.value(items ?? .null, depth: depth + 1))
        }
        return .array(elements)
    }

    private static func number(_ schema: Document) -> Document {
        let most = schema["maximum"].flatMap { $0.double ?? 1 < 1 ? $0 : nil }
        return .number((schema["minimum"] ?? most)?.numberText ?? "1")
    }

    private static func integer(_ schema: Document) -> Document {
        let number = self.number(schema)
        guard let bound = number.double,
            let whole = Int(exactly: bound.rounded(schema["minimum"] == nil ? .down : .up)), Double(whole) != bound
        else { return number }
        return .number(whole)
    }

    private mutating func string(_ schema: Document) -> String {
        let wanted = min(schema["minLength"]?.integer ?? 0, self.utf8CountLeft)
        let text = wanted <= 4 ? "echo" : String(repeating: "echo", count: wanted / 4 + 1)
        self.utf8CountLeft -= text.utf8.count
        return text
    }

    /// A value given in the schema, if the limit allows it.
    private mutating func charged(_ value: Document) -> Document {
        let utf8Count = EchoTokens.text(value).utf8.count
        guard utf8Count <= self.utf8CountLeft else {
            self.utf8CountLeft = 0
            return .null
        }
        self.utf8CountLeft -= utf8Count
        return value
    }
}
