internal import ServiceModel

/// JSON Schemas that are made of others, and those that others refer to.
extension Document {
    /// The properties of an object's schema, and those that it requires without saying what they are.
    var properties: [Member] {
        let properties = self["properties"]?.members ?? []
        var known = Set(properties.map(\.name))
        let others = (self["required"]?.elements ?? []).compactMap(\.text).filter { known.insert($0).inserted }
        return properties + others.map { Member($0, .object([])) }
    }

    /// Whether a schema is taken for one of an object, if it does not say a type.
    var describesObject: Bool { ["properties", "required"].contains { self[$0] ?? .null != .null } }

    /// The keywords that say what a value is like.
    private static var limits: [String] {
        ["$ref", "type", "properties", "required", "items", "anyOf", "oneOf", "allOf"]
    }

    /// The keywords in it that say what a value is like.
    fileprivate var limits: [String] { Self.limits.filter { self[$0] != nil } }

    /// The reference of a schema that has no other keywords, except its type, which the referenced schema has too.
    var reference: String? { self.limits.contains { $0 != "$ref" && $0 != "type" } ? nil : self["$ref"]?.text }

    /// The number of its members, and of those that it describes.
    fileprivate var partCount: Int {
        self.members.count + (self["properties"]?.members.count ?? 0) + (self["required"]?.elements.count ?? 0)
    }

    fileprivate func without(_ name: String) -> Document { .object(self.members.filter { $0.name != name }) }

    /// A schema for which both hold.
    fileprivate func joined(_ other: Document) -> Document {
        self.replacing(other.members) { name, before, after in
            switch name {
            case "properties": return before.replacing(after.members) { $2 }
            case "required":
                var known: Set<String> = []
                let names = (before.elements + after.elements).compactMap(\.text).filter { known.insert($0).inserted }
                return .array(names.map { .string($0) })
            default: return after
            }
        }
    }

    /// This object with further members; `choose` is given a name's value in both.
    private func replacing(
        _ others: [Member], _ choose: (_ name: String, _ before: Document, _ after: Document) -> Document
    ) -> Document {
        var members = self.members
        var places = Dictionary(zip(members.map(\.name), members.indices), uniquingKeysWith: { first, _ in first })
        for other in others {
            if let place = places[other.name] {
                members[place].value = choose(other.name, members[place].value, other.value)
            } else {
                places[other.name] = members.count
                members.append(other)
            }
        }
        return .object(members)
    }
}

/// Puts together the schemas that one is made of, within a limit for all of them: a small schema can stand for a huge
/// one.
struct SchemaParts {
    /// The limit for what is read and copied, in members of schemas.
    static let partCountMax = 200_000
    /// Text that costs as much as a member, in bytes.
    private static let bytesEachPart = 8

    /// The schema in which `$ref` is resolved.
    var root: Document
    private var partsLeft = Self.partCountMax

    init(root: Document) { self.root = root }

    /// Counts a schema, and further parts; false beyond the limit.
    mutating func charge(_ schema: Document, and others: Int = 0) -> Bool {
        self.partsLeft -= 1 + schema.partCount + others
        return self.partsLeft >= 0
    }

    /// Counts text that is read or written; false beyond the limit.
    mutating func charge(text: String) -> Bool {
        self.partsLeft -= text.utf8.count / Self.bytesEachPart
        return self.partsLeft >= 0
    }

    /// The schema that a reference such as `#/$defs/name` leads to in the root.
    mutating func schema(at reference: String) -> Document? {
        guard self.charge(text: reference), reference.hasPrefix("#") else { return nil }
        var place: Document? = self.root
        for step in reference.dropFirst().split(separator: "/") {
            // A name is looked for among all; that is much less work than to copy them.
            self.partsLeft -= (place?.members.count ?? 0) / 16
            place = place?[String(step.replacing("~1", with: "/").replacing("~0", with: "~"))]
        }
        return place
    }

    /// What must hold for one of the schemas in `anyOf` or `oneOf`: itself, and the keywords beside the choice.
    /// - Returns: nil beyond the limit.
    mutating func chosen(_ choice: Document, of keyword: String, in schema: Document) -> Document? {
        self.joined(schema.without(keyword), [choice])
    }

    /// A schema with the keywords of all schemas in its `allOf`, and of the one that it refers to.
    /// - Returns: nil beyond the limit.
    mutating func whole(_ schema: Document) -> Document? {
        self.joined(schema.without("allOf"), schema["allOf"]?.elements ?? [])
    }

    private mutating func joined(_ rest: Document, _ parts: [Document]) -> Document? {
        // A single part is kept unchanged: it may be a reference to a schema that contains this one.
        if parts.count == 1, rest.limits.isEmpty || rest.limits == ["type"] && parts[0].reference != nil {
            return parts[0]
        }
        var whole = Document.object([])
        var pending = parts.reversed() + [rest]
        // Each once: a schema may refer to itself.
        var references: Set<String> = []
        while let part = pending.popLast() {
            guard self.charge(part, and: whole.partCount) else { return nil }
            if let reference = part["$ref"]?.text, let place = self.schema(at: reference) {
                pending.append(part.without("$ref"))
                if references.insert(reference).inserted { pending.append(place) }
                continue
            }
            pending += (part["allOf"]?.elements ?? []).reversed()
            whole = whole.joined(part.without("allOf"))
        }
        return whole
    }
}
