internal import Primitives

/// A fact at the end of a schema line: `flag` or `key=value`, values `%`-escaped.
struct SchemaFact {
    let key: String
    private let encoded: Substring.UTF8View

    init(_ word: Substring.UTF8View) {
        if let mark = word.firstIndex(of: UInt8(ascii: "=")) {
            self.key = String(Substring(word[..<mark]))
            self.encoded = word[word.index(after: mark)...]
        } else {
            self.key = String(Substring(word))
            self.encoded = word[word.endIndex...]
        }
    }

    var text: String { Self.decoded(self.encoded) }

    /// The values of a list, which commas part.
    var list: [String] {
        self.encoded.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(Self.decoded)
    }

    var integer: Int {
        guard let value = Int(self.text) else { preconditionFailure("\(self.key)=\(self.text) is no number") }
        return value
    }

    var number: Double {
        guard let value = Double(self.text) else { preconditionFailure("\(self.key)=\(self.text) is no number") }
        return value
    }

    static func decoded(_ word: Substring.UTF8View) -> String {
        guard word.contains(UInt8(ascii: "%")) else { return String(Substring(word)) }
        guard let text = PercentEncoding.decodeText(Substring(word)) else {
            preconditionFailure("schema word \(Substring(word))")
        }
        return text
    }
}

extension ShapeType {
    /// The type by its name in Smithy.
    init?(schemaWord: String) {
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
    /// - Returns: whether the fact is a constraint.
    mutating func take(_ fact: SchemaFact) -> Bool {
        switch fact.key {
        case "min": self.lengthMin = fact.integer
        case "max": self.lengthMax = fact.integer
        case "low": self.rangeMin = fact.number
        case "high": self.rangeMax = fact.number
        case "pattern": self.pattern = fact.text
        case "length-first": self.isLengthFirst = true
        case "enum": self.enumValues = fact.list
        case "unique": self.hasUniqueItems = true
        default: return false
        }
        return true
    }
}

extension ShapeTraits {
    init(_ facts: some Sequence<SchemaFact>) {
        self.init()
        var constraints = Constraints()
        for fact in facts where !constraints.take(fact) { self.take(fact) }
        if !constraints.isEmpty { self.constraints = constraints }
    }

    private mutating func take(_ fact: SchemaFact) {
        switch fact.key {
        case "error": self.error = ErrorTrait(status: fact.integer, isServerFault: false)
        // The generator writes what belongs to an error behind it.
        case "fault": self.error?.isServerFault = true
        case "code": self.error?.queryCode = fact.text
        case "xml": self.xmlName = fact.text
        case "xmlns": self.xmlNamespace = XMLNamespace(uri: fact.text)
        case "xmlprefix": self.xmlNamespace?.prefix = fact.text
        case "time": self.timestampFormat = TimestampFormat(schemaWord: fact.text)
        case "sparse": self.isSparse = true
        case "streaming": self.isStreaming = true
        case "eventstream": self.isEventStream = true
        case "sensitive": self.isSensitive = true
        case "wrapper": self.isWrapper = true
        case "told": self.toldMembers = fact.list
        case "input": self.isOperationInput = true
        default: preconditionFailure("schema fact \(fact.key)")
        }
    }
}

extension MemberTraits {
    init(_ facts: some Sequence<SchemaFact>) {
        self.init()
        var constraints = Constraints()
        for fact in facts where !constraints.take(fact) { self.take(fact) }
        if !constraints.isEmpty { self.constraints = constraints }
    }

    private mutating func take(_ fact: SchemaFact) {
        switch fact.key {
        case "required": self.isRequired = true
        case "json": self.jsonName = fact.text
        case "xml": self.xmlName = fact.text
        case "xmlns": self.xmlNamespace = XMLNamespace(uri: fact.text)
        case "xmlprefix": self.xmlNamespace?.prefix = fact.text
        case "attribute": self.isXMLAttribute = true
        case "flattened": self.isXMLFlattened = true
        case "ec2": self.ec2QueryName = fact.text
        case "time": self.timestampFormat = TimestampFormat(schemaWord: fact.text)
        case "token": self.isIdempotencyToken = true
        case "host-label": self.isHostLabel = true
        case "sensitive": self.isSensitive = true
        default: self.location = MemberLocation(fact)
        }
    }
}

extension MemberLocation {
    fileprivate init(_ fact: SchemaFact) {
        switch fact.key {
        case "header": self = .header(fact.text)
        case "headers": self = .prefixHeaders(fact.text)
        case "query": self = .query(fact.text)
        case "queries": self = .queryParams
        case "label": self = .label
        case "status": self = .statusCode
        case "payload": self = .payload
        case "event-header": self = .eventHeader
        case "event-payload": self = .eventPayload
        default: preconditionFailure("schema fact \(fact.key)")
        }
    }
}
