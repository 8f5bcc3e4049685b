internal import ServiceModel

/// JSON Schemas that are made of others, and those that others refer to.
extension Document {
    /// Further parts are ignored: each is copied into a schema that has them all.
    private static let partCountMax = 100

    /// The schema that a reference such as `#/$defs/name` leads to in this one.
    func schema(at reference: String) -> Document? {
        guard reference.hasPrefix("#") else { return nil }
        var place: Document? = self
        for step in reference.dropFirst().split(separator: "/") {
            place = place?[String(step.replacing("~1", with: "/").replacing("~0", with: "~"))]
        }
        return place
    }

    /// The properties of an object's schema, and those that it requires without saying what they are.
    var properties: [Member] {
        let properties = self["properties"]?.members ?? []
        var known = Set(properties.map(\.name))
        let others = (self["required"]?.elements ?? []).compactMap(\.text).filter { known.insert($0).inserted }
        return properties + others.map { Member($0, .object([])) }
    }

    /// Whether a schema is taken for one of an object, if it does not say a type.
    var describesObject: Bool { self["properties"] != nil || self["required"] != nil }

    /// What must hold for one of the schemas in `anyOf` or `oneOf`: itself, and the keywords beside the choice.
    func chosen(_ choice: Document, of keyword: String, in root: Document) -> Document {
        self.joined([choice], of: keyword, in: root)
    }

    /// A schema with the keywords of all schemas in its `allOf`.
    func whole(in root: Document) -> Document {
        self.joined(self["allOf"]?.elements.prefix(Self.partCountMax) ?? [], of: "allOf", in: root)
    }

    private func joined(_ parts: ArraySlice<Document>, of keyword: String, in root: Document) -> Document {
        let rest = Document.object(self.members.filter { $0.name != keyword })
        let limits = ["type", "properties", "required", "items", "anyOf", "oneOf", "allOf"]
        // One that stands alone is kept as it is: it may be a reference to a schema that contains this one.
        if parts.count == 1, let part = parts.first, !limits.contains(where: { rest[$0] != nil }) { return part }
        return parts.reduce(rest) { whole, part in
            let part = part["$ref"]?.text.flatMap { root.schema(at: $0) } ?? part
            return whole.replacing(part.members) { name, before, after in
                switch name {
                case "properties": before.replacing(after.members) { $2 }
                case "required", "allOf": .array(before.elements + after.elements)
                default: after
                }
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
