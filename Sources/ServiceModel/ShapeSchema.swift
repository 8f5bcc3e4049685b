/// The kind of a shape; Smithy's simple and aggregate types.
package enum ShapeType: UInt8, Sendable, Hashable {
    case structure, union, list, map
    case string, enumeration, blob, boolean
    case byte, short, integer, long, intEnumeration, bigInteger
    case float, double, bigDecimal
    case timestamp, document
}

/// How a timestamp is written; Smithy's `timestampFormat`.
package enum TimestampFormat: UInt8, Sendable, Hashable {
    /// `1985-04-12T23:20:50.520Z`
    case dateTime
    /// Seconds since 1970, a fraction allowed.
    case epochSeconds
    /// `Tue, 29 Apr 2014 18:30:38 GMT`
    case httpDate
}

/// An XML namespace of a shape or member.
package struct XMLNamespace: Sendable, Equatable {
    package var uri: String
    package var prefix: String?

    package init(uri: String, prefix: String? = nil) {
        self.uri = uri
        self.prefix = prefix
    }
}

/// The trait of structures that are errors.
package struct ErrorTrait: Sendable, Equatable {
    /// 400...599
    package var status: Int
    package var isServerFault: Bool
    /// The code of awsQuery and of `x-amzn-query-error`, if it differs from the shape's name.
    package var queryCode: String?

    package init(status: Int, isServerFault: Bool, queryCode: String? = nil) {
        self.status = status
        self.isServerFault = isServerFault
        self.queryCode = queryCode
    }
}

/// One shape of a service model at run time.
///
/// Shapes refer to each other, also in circles, so a schema is a class whose members are defined once, after all shapes
/// of the service exist, and never change afterwards.
// Sendable: `storedMembers` is written once by `define(members:)`, before the schema is given to anyone else.
package final class ShapeSchema: @unchecked Sendable {
    /// The model's name without a namespace, such as `PutItemInput`.
    package let name: String
    package let type: ShapeType
    package var traits: ShapeTraits { self.storedTraits }
    /// Structure and union: the members in the model's order. List: `member`. Map: `key`, `value`.
    package var members: [MemberSchema] { unsafe self.storedMembers }

    // Unchecked: written once, and read for each value of each request.
    @exclusivity(unchecked) private var storedMembers: [MemberSchema] = []

    private let storedTraits: ShapeTraits
    private var isDefined = false

    package init(name: String, type: ShapeType, traits: ShapeTraits = ShapeTraits()) {
        self.name = name
        self.type = type
        self.storedTraits = traits
    }

    /// Sets the members; exactly once.
    package func define(members: [MemberSchema]) {
        precondition(!self.isDefined, "shape \(self.name) was defined twice")
        self.isDefined = true
        unsafe self.storedMembers = members
        for (index, member) in members.enumerated() {
            member.place(at: index)
        }
    }

    /// The member of that model name.
    /// - Complexity: O(members).
    package func member(_ name: String) -> MemberSchema? {
        self.members.first { $0.name == name }
    }

    /// The element of a list.
    package var element: MemberSchema {
        precondition(self.type == .list, "\(self.name) is not a list")
        return self.members[0]
    }

    /// The key of a map.
    package var key: MemberSchema {
        precondition(self.type == .map, "\(self.name) is not a map")
        return self.members[0]
    }

    /// The value of a map.
    package var value: MemberSchema {
        precondition(self.type == .map, "\(self.name) is not a map")
        return self.members[1]
    }
}

/// A shape's traits, besides its type.
package struct ShapeTraits: Sendable, Equatable {
    package var constraints: Constraints?
    package var error: ErrorTrait?
    package var xmlName: String?
    package var xmlNamespace: XMLNamespace?
    package var timestampFormat: TimestampFormat?
    /// The content type of a blob or string payload; Smithy's `mediaType`.
    package var mediaType: String?
    /// Whether null elements or values are kept.
    package var isSparse = false
    /// Whether the blob is the body itself and is not held in memory.
    package var isStreaming = false
    /// Whether the union's members are the events of a stream.
    package var isEventStream = false
    /// Whether it must never be logged.
    package var isSensitive = false
    /// restXml: an error or output without a wrapping element; botocore's `wrapper` is its opposite for queries.
    package var isWrapper = false
    /// A structure's members in the order in which the service reports violations; empty if that is not known.
    package var toldMembers: [String] = []
    /// A structure that is reached only for its HTTP bindings has no body; set for operation inputs.
    package var isOperationInput = false

    package init() {}
}

/// Limits that a model sets for a value; checked while an input is read.
package struct Constraints: Sendable, Equatable {
    /// Characters of a string, bytes of a blob, elements of a list, entries of a map.
    package var lengthMin: Int?
    package var lengthMax: Int?
    package var rangeMin: Double?
    package var rangeMax: Double?
    /// A regular expression; AWS matches the whole value.
    package var pattern: String?
    /// Whether a violated length is reported before a violated pattern; services do either, shape by shape.
    package var isLengthFirst = false
    /// The known values of an enumeration, in the model's order.
    package var enumValues: [String] = []
    package var hasUniqueItems = false

    package init() {}

    package var isEmpty: Bool { self == Constraints() }
}
