import ServiceModel

/// A structure with a member of every kind, for round trips and random tests.
enum EverythingSchema {
    /// What a format cannot hold is left out.
    struct Options: Sendable {
        /// Flattened lists and maps, XML attributes.
        var hasXMLTraits = false
        var hasDocuments = false
        var hasSparse = false
    }

    static let plain = Self.make(Options())
    static let xml = Self.make(Options(hasXMLTraits: true))
    static let cbor = Self.make(Options(hasDocuments: true, hasSparse: true))

    private static func scalar(_ type: ShapeType, _ format: TimestampFormat? = nil) -> ShapeSchema {
        var traits = ShapeTraits()
        traits.timestampFormat = format
        return ShapeSchema(name: "\(type)", type: type, traits: traits)
    }

    private static func list(_ element: ShapeSchema, isSparse: Bool = false) -> ShapeSchema {
        var traits = ShapeTraits()
        traits.isSparse = isSparse
        let list = ShapeSchema(name: "List", type: .list, traits: traits)
        list.define(members: [MemberSchema(name: "member", target: element)])
        return list
    }

    private static func map(_ value: ShapeSchema, isSparse: Bool = false) -> ShapeSchema {
        var traits = ShapeTraits()
        traits.isSparse = isSparse
        let map = ShapeSchema(name: "Map", type: .map, traits: traits)
        map.define(members: [
            MemberSchema(name: "key", target: self.scalar(.string)), MemberSchema(name: "value", target: value),
        ])
        return map
    }

    static func make(_ options: Options) -> ShapeSchema {
        let everything = ShapeSchema(name: "Everything", type: .structure)
        let choice = ShapeSchema(name: "Choice", type: .union)
        choice.define(members: [
            MemberSchema(name: "text", target: self.scalar(.string)),
            MemberSchema(name: "number", target: self.scalar(.integer)),
            MemberSchema(name: "everything", target: everything),
        ])
        var members = [
            MemberSchema(name: "text", target: self.scalar(.string)),
            MemberSchema(name: "flag", target: self.scalar(.boolean)),
            MemberSchema(name: "tiny", target: self.scalar(.byte)),
            MemberSchema(name: "small", target: self.scalar(.short)),
            MemberSchema(name: "number", target: self.scalar(.integer)),
            MemberSchema(name: "big", target: self.scalar(.long)),
            MemberSchema(name: "single", target: self.scalar(.float)),
            MemberSchema(name: "double", target: self.scalar(.double)),
            MemberSchema(name: "bigInteger", target: self.scalar(.bigInteger)),
            MemberSchema(name: "bigDecimal", target: self.scalar(.bigDecimal)),
            MemberSchema(name: "time", target: self.scalar(.timestamp)),
            MemberSchema(name: "epochTime", target: self.scalar(.timestamp, .epochSeconds)),
            MemberSchema(name: "blob", target: self.scalar(.blob)),
            MemberSchema(name: "choice", target: choice),
            MemberSchema(name: "texts", target: self.list(self.scalar(.string))),
            MemberSchema(name: "numbers", target: self.list(self.list(self.scalar(.long)))),
            MemberSchema(name: "everythings", target: self.list(everything)),
            MemberSchema(name: "textByName", target: self.map(self.scalar(.string))),
            MemberSchema(name: "listByName", target: self.map(self.list(self.scalar(.integer)))),
            MemberSchema(name: "everythingByName", target: self.map(everything)),
            MemberSchema(name: "nested", target: everything),
        ]
        if options.hasXMLTraits { members += self.xmlMembers(everything) }
        if options.hasDocuments { members.append(MemberSchema(name: "document", target: self.scalar(.document))) }
        if options.hasSparse {
            members += [
                MemberSchema(name: "sparseTexts", target: self.list(self.scalar(.string), isSparse: true)),
                MemberSchema(name: "sparseByName", target: self.map(self.scalar(.long), isSparse: true)),
            ]
        }
        everything.define(members: members)
        return everything
    }

    private static func xmlMembers(_ everything: ShapeSchema) -> [MemberSchema] {
        var attribute = MemberTraits()
        attribute.isXMLAttribute = true
        attribute.xmlName = "x:kind"
        var flat = MemberTraits()
        flat.isXMLFlattened = true
        var renamed = flat
        renamed.xmlName = "Row"
        return [
            MemberSchema(name: "kind", target: self.scalar(.string), traits: attribute),
            MemberSchema(name: "flatTexts", target: self.list(self.scalar(.string)), traits: flat),
            MemberSchema(name: "flatEverythings", target: self.list(everything), traits: renamed),
            MemberSchema(name: "flatByName", target: self.map(self.scalar(.integer)), traits: flat),
        ]
    }

    /// A member whose target is the structure, as readers want one.
    static func through(_ schema: ShapeSchema) -> MemberSchema { MemberSchema(name: "root", target: schema) }
}
