import ServiceModel

/// Builds the shapes of a case file on demand.
struct SmithyShapes {
    private(set) var shapes: [String: ShapeSchema] = [:]
    private let declarations: [String: CaseJSON]
    /// Outputs whose only member is the document itself, as S3's GetBucketLocation has it.
    private let unwrapped: Set<String>

    init(_ content: CaseJSON) {
        var declarations = Self.withRestoredTraits(content["shapes"]?.object ?? [:])
        Self.restoreRoots(&declarations, content)
        self.declarations = declarations
        self.unwrapped = Set(
            (content["operations"]?.object ?? [:]).values.compactMap { operation in
                operation["traits"]?["aws.customizations#s3UnwrappedXmlOutput"] == nil
                    ? nil : operation["output"]?.string
            })
    }

    /// Outputs of restXml lost their `xmlName` and `xmlNamespace` in the same way; the cases show what they were.
    private static func restoreRoots(_ declarations: inout [String: CaseJSON], _ content: CaseJSON) {
        guard content["service"]?["protocols"]?.array.first?.string == "aws.protocols#restXml" else { return }
        for item in content["responseCases"]?.array ?? [] where item["error"] == nil {
            guard let output = content["operations"]?[item["operation"]?.string ?? ""]?["output"]?.string,
                let root = CaseXML.parse(item["body"]?.string ?? ""), let declaration = declarations[output],
                declaration["traits"] == nil,
                declaration["members"]?.object.values.contains(where: { $0["traits"]?["httpPayload"] != nil }) == false
            else { continue }
            var traits: [String: CaseJSON] = ["xmlName": .string(root.name)]
            if let uri = root.attributes["xmlns"] { traits["xmlNamespace"] = .object(["uri": .string(uri)]) }
            var own = declaration.object
            own["traits"] = .object(traits)
            declarations[output] = .object(own)
        }
    }

    /// `apply NoCustomCodeError …` swallowed the traits of `CustomCodeError`.
    private static func withRestoredTraits(_ declarations: [String: CaseJSON]) -> [String: CaseJSON] {
        var declarations = declarations
        for (id, declaration) in declarations where id.hasSuffix("#NoCustomCodeError") {
            let victim = id.replacing("#NoCustomCodeError", with: "#CustomCodeError")
            guard let traits = declaration["traits"], declarations[victim]?["traits"] == nil else { continue }
            var own = declaration.object
            own["traits"] = .object(["error": .string("client")])
            declarations[id] = .object(own)
            var other = declarations[victim]?.object ?? [:]
            other["traits"] = traits
            declarations[victim] = .object(other)
        }
        return declarations
    }

    /// The structure of that id; nothing is Smithy's `Unit`.
    mutating func structure(_ id: String?) -> ShapeSchema {
        self.shape(id ?? "smithy.api#Unit")
    }

    mutating func shape(_ id: String) -> ShapeSchema {
        if let shape = self.shapes[id] { return shape }
        let name = String(id.drop { $0 != "#" }.dropFirst())
        guard let declaration = self.declarations[id] else { return self.prelude(id, name) }
        let type = Self.type(declaration)
        var traits = Self.shapeTraits(declaration, type)
        traits.isWrapper = self.unwrapped.contains(id)
        let shape = ShapeSchema(name: name, type: type, traits: traits)
        self.shapes[id] = shape
        let members = self.memberOrder(declaration, type)
        if type == .structure || type == .union || type == .list || type == .map {
            shape.define(
                members: members.map { name, value in
                    MemberSchema(
                        name: name, target: self.shape(value["target"]?.string ?? ""), traits: Self.memberTraits(value))
                })
        }
        return shape
    }

    private func memberOrder(_ declaration: CaseJSON, _ type: ShapeType) -> [(String, CaseJSON)] {
        let members = declaration["members"]?.object ?? [:]
        // A parsed object has lost its order; the order of members does not matter to what is tested here.
        let sorted = members.sorted { $0.key < $1.key }
        return type == .map ? sorted.sorted { left, _ in left.key == "key" } : sorted.map { ($0.key, $0.value) }
    }

    private mutating func prelude(_ id: String, _ name: String) -> ShapeSchema {
        let type: ShapeType =
            switch name {
            case "String": .string
            case "Blob": .blob
            case "Boolean", "PrimitiveBoolean": .boolean
            case "Byte", "PrimitiveByte": .byte
            case "Short", "PrimitiveShort": .short
            case "Integer", "PrimitiveInteger": .integer
            case "Long", "PrimitiveLong": .long
            case "Float", "PrimitiveFloat": .float
            case "Double", "PrimitiveDouble": .double
            case "BigInteger": .bigInteger
            case "BigDecimal": .bigDecimal
            case "Timestamp": .timestamp
            case "Document": .document
            default: .structure
            }
        let shape = ShapeSchema(name: name, type: type)
        if type == .structure { shape.define(members: []) }
        self.shapes[id] = shape
        return shape
    }

    private static func type(_ declaration: CaseJSON) -> ShapeType {
        switch declaration["type"]?.string {
        case "structure": .structure
        case "union": .union
        case "list": .list
        case "map": .map
        case "enum": .enumeration
        case "intEnum": .intEnumeration
        case "blob": .blob
        case "boolean": .boolean
        case "byte": .byte
        case "short": .short
        case "integer": .integer
        case "long": .long
        case "float": .float
        case "double": .double
        case "timestamp": .timestamp
        case "document": .document
        default: declaration["traits"]?["enum"] == nil ? .string : .enumeration
        }
    }

    private static func shapeTraits(_ declaration: CaseJSON, _ type: ShapeType) -> ShapeTraits {
        let traits = declaration["traits"]
        var result = ShapeTraits()
        result.xmlName = traits?["xmlName"]?.string
        result.xmlNamespace = self.namespace(traits?["xmlNamespace"])
        result.timestampFormat = self.timestampFormat(traits?["timestampFormat"])
        result.mediaType = traits?["mediaType"]?.string
        result.isSparse = traits?["sparse"] != nil
        result.isStreaming = traits?["streaming"] != nil && type == .blob
        result.isEventStream = traits?["streaming"] != nil && type == .union
        result.isSensitive = traits?["sensitive"] != nil
        if let fault = traits?["error"]?.string {
            result.error = ErrorTrait(
                status: traits?["httpError"]?.int ?? (fault == "server" ? 500 : 400),
                isServerFault: fault == "server",
                queryCode: traits?["aws.protocols#awsQueryError"]?["code"]?.string
            )
        }
        var constraints = self.constraints(traits) ?? Constraints()
        if type == .enumeration || type == .intEnumeration {
            // Internal values are taken but not shown.
            let members = (declaration["members"]?.object ?? [:]).filter { $0.value["traits"]?["internal"] == nil }
            constraints.enumValues = members.sorted { $0.key < $1.key }.map {
                $0.value["traits"]?["enumValue"]?.string ?? $0.value["traits"]?["enumValue"]?.text ?? $0.key
            }
            if let values = traits?["enum"]?.array {
                let shown = values.filter { $0["tags"]?.array.contains(.string("internal")) != true }
                constraints.enumValues = shown.compactMap { $0["value"]?.string }
            }
        }
        result.constraints = constraints.isEmpty ? nil : constraints
        return result
    }

    private static func memberTraits(_ member: CaseJSON) -> MemberTraits {
        let traits = member["traits"]
        var result = MemberTraits()
        result.isRequired = traits?["required"] != nil
        result.jsonName = traits?["jsonName"]?.string
        result.xmlName = traits?["xmlName"]?.string
        result.xmlNamespace = self.namespace(traits?["xmlNamespace"])
        result.isXMLAttribute = traits?["xmlAttribute"] != nil
        result.isXMLFlattened = traits?["xmlFlattened"] != nil
        result.ec2QueryName = traits?["aws.protocols#ec2QueryName"]?.string
        result.timestampFormat = self.timestampFormat(traits?["timestampFormat"])
        result.mediaType = traits?["mediaType"]?.string
        result.isIdempotencyToken = traits?["idempotencyToken"] != nil
        result.isHostLabel = traits?["hostLabel"] != nil
        if let value = traits?["default"], value != .null { result.defaultJSON = value.text }
        result.constraints = self.constraints(traits)
        result.location = self.location(traits)
        return result
    }

    private static func location(_ traits: CaseJSON?) -> MemberLocation {
        if let name = traits?["httpHeader"]?.string { return .header(name) }
        if let prefix = traits?["httpPrefixHeaders"]?.string { return .prefixHeaders(prefix) }
        if let name = traits?["httpQuery"]?.string { return .query(name) }
        if traits?["httpLabel"] != nil { return .label }
        if traits?["httpQueryParams"] != nil { return .queryParams }
        if traits?["httpResponseCode"] != nil { return .statusCode }
        if traits?["httpPayload"] != nil { return .payload }
        if traits?["eventHeader"] != nil { return .eventHeader }
        if traits?["eventPayload"] != nil { return .eventPayload }
        return .body
    }

    private static func constraints(_ traits: CaseJSON?) -> Constraints? {
        var result = Constraints()
        result.lengthMin = traits?["length"]?["min"]?.int
        result.lengthMax = traits?["length"]?["max"]?.int
        result.rangeMin = traits?["range"]?["min"]?.number
        result.rangeMax = traits?["range"]?["max"]?.number
        result.pattern = traits?["pattern"]?.string
        result.hasUniqueItems = traits?["uniqueItems"] != nil
        return result.isEmpty ? nil : result
    }

    private static func timestampFormat(_ value: CaseJSON?) -> TimestampFormat? {
        switch value?.string {
        case "date-time", "iso8601": .dateTime
        case "epoch-seconds", "unixTimestamp": .epochSeconds
        case "http-date", "rfc822": .httpDate
        default: nil
        }
    }

    static func namespace(_ value: CaseJSON?) -> XMLNamespace? {
        guard let uri = value?["uri"]?.string else { return nil }
        return XMLNamespace(uri: uri, prefix: value?["prefix"]?.string)
    }
}
