internal import Primitives

/// The facts at the end of a schema line: `flag` or `key=value`, values `%`-escaped.
struct SchemaWords {
    private let words: [Substring]

    init(_ words: some Sequence<Substring>) {
        self.words = Array(words)
    }

    subscript(key: String) -> String? {
        self.encoded(key).map(Self.decoded)
    }

    /// The values of a list, which commas part.
    func list(_ key: String) -> [String] {
        self.encoded(key)?.split(separator: ",", omittingEmptySubsequences: false).map(Self.decoded) ?? []
    }

    private func encoded(_ key: String) -> Substring? {
        for word in self.words where word.utf8.count > key.utf8.count && word.hasPrefix(key) {
            let rest = word.dropFirst(key.count)
            if rest.first == "=" { return rest.dropFirst() }
        }
        return nil
    }

    func has(_ flag: String) -> Bool {
        self.words.contains { $0 == flag }
    }

    func integer(_ key: String) -> Int? {
        self[key].flatMap { Int($0) }
    }

    func number(_ key: String) -> Double? {
        self[key].flatMap { Double($0) }
    }

    static func decoded(_ word: Substring) -> String {
        guard let text = PercentEncoding.decodeText(word) else { preconditionFailure("schema word \(word)") }
        return text
    }
}

extension ShapeType {
    /// The type by its name in Smithy.
    init?(schemaWord: Substring) {
        switch schemaWord {
        case "structure": self = .structure
        case "union": self = .union
        case "list": self = .list
        case "map": self = .map
        case "string": self = .string
        case "enum": self = .enumeration
        case "blob": self = .blob
        case "boolean": self = .boolean
        case "byte": self = .byte
        case "short": self = .short
        case "integer": self = .integer
        case "long": self = .long
        case "intEnum": self = .intEnumeration
        case "bigInteger": self = .bigInteger
        case "float": self = .float
        case "double": self = .double
        case "bigDecimal": self = .bigDecimal
        case "timestamp": self = .timestamp
        case "document": self = .document
        default: return nil
        }
    }
}

extension TimestampFormat {
    /// The format by its name in Smithy, or in botocore's models.
    init?(schemaWord: String) {
        switch schemaWord {
        case "date-time", "iso8601": self = .dateTime
        case "epoch-seconds", "unixTimestamp": self = .epochSeconds
        case "http-date", "rfc822": self = .httpDate
        default: return nil
        }
    }
}

extension Constraints {
    /// - Returns: nil when no fact is a constraint.
    init?(_ facts: SchemaWords) {
        self.init()
        self.lengthMin = facts.integer("min")
        self.lengthMax = facts.integer("max")
        self.rangeMin = facts.number("low")
        self.rangeMax = facts.number("high")
        self.pattern = facts["pattern"]
        self.enumValues = facts.list("enum")
        self.hasUniqueItems = facts.has("unique")
        if self.isEmpty { return nil }
    }
}

extension ShapeTraits {
    init(_ facts: SchemaWords) {
        self.init()
        self.constraints = Constraints(facts)
        self.error = facts.integer("error").map {
            ErrorTrait(status: $0, isServerFault: facts.has("fault"), queryCode: facts["code"])
        }
        self.xmlName = facts["xml"]
        self.xmlNamespace = facts["xmlns"].map { XMLNamespace(uri: $0, prefix: facts["xmlprefix"]) }
        self.timestampFormat = facts["time"].flatMap(TimestampFormat.init(schemaWord:))
        self.isSparse = facts.has("sparse")
        self.isStreaming = facts.has("streaming")
        self.isEventStream = facts.has("eventstream")
        self.isSensitive = facts.has("sensitive")
        self.isWrapper = facts.has("wrapper")
        self.isOperationInput = facts.has("input")
    }
}

extension MemberTraits {
    init(_ facts: SchemaWords) {
        self.init()
        self.isRequired = facts.has("required")
        self.location = MemberLocation(facts)
        self.jsonName = facts["json"]
        self.xmlName = facts["xml"]
        self.xmlNamespace = facts["xmlns"].map { XMLNamespace(uri: $0, prefix: facts["xmlprefix"]) }
        self.isXMLAttribute = facts.has("attribute")
        self.isXMLFlattened = facts.has("flattened")
        self.ec2QueryName = facts["ec2"]
        self.timestampFormat = facts["time"].flatMap(TimestampFormat.init(schemaWord:))
        self.isIdempotencyToken = facts.has("token")
        self.isHostLabel = facts.has("host-label")
        self.isSensitive = facts.has("sensitive")
        self.constraints = Constraints(facts)
    }
}

extension MemberLocation {
    init(_ facts: SchemaWords) {
        if let name = facts["header"] {
            self = .header(name)
        } else if let prefix = facts["headers"] {
            self = .prefixHeaders(prefix)
        } else if let name = facts["query"] {
            self = .query(name)
        } else if facts.has("queries") {
            self = .queryParams
        } else if facts.has("label") {
            self = .label
        } else if facts.has("status") {
            self = .statusCode
        } else if facts.has("payload") {
            self = .payload
        } else if facts.has("event-header") {
            self = .eventHeader
        } else if facts.has("event-payload") {
            self = .eventPayload
        } else {
            self = .body
        }
    }
}
