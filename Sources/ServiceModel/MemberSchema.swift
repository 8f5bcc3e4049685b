/// Where in an HTTP message a member travels; `body` unless the model binds it.
package enum MemberLocation: Sendable, Equatable {
    case body
    case header(String)
    /// All headers with the prefix; the rest of a header's name is the map's key.
    case prefixHeaders(String)
    /// A label of the URI.
    case label
    case query(String)
    /// Every query parameter that no other member takes.
    case queryParams
    case statusCode
    /// This member is the whole body.
    case payload
    /// A header of the event, in event streams.
    case eventHeader
    /// The payload of the event, in event streams.
    case eventPayload
}

/// A member of a structure or union, the element of a list, the key or value of a map.
// Sendable: `index` is written once by the shape's `define(members:)`, before the schema is given to anyone else.
package final class MemberSchema: @unchecked Sendable {
    /// The model's name, as Swift code and violations spell it.
    package let name: String
    package let target: ShapeSchema
    package let traits: MemberTraits
    /// The name in JSON documents (`jsonName`, or the model's) as UTF-8.
    package let jsonNameUTF8: [UInt8]
    /// Position in the shape's `members`.
    package private(set) var index = 0

    package init(name: String, target: ShapeSchema, traits: MemberTraits = MemberTraits()) {
        self.name = name
        self.target = target
        self.traits = traits
        self.jsonNameUTF8 = Array((traits.jsonName ?? name).utf8)
        self.constraints = traits.constraints ?? target.traits.constraints
        self.isConstrained = self.constraints != nil
        self.countMax = self.constraints?.lengthMax ?? .max
    }

    fileprivate var isPlaced = false

    package func place(at index: Int) {
        precondition(!self.isPlaced, "member \(self.name) belongs to another shape already")
        self.isPlaced = true
        self.index = index
    }

    /// The format of a timestamp here, if the model names one.
    package var timestampFormat: TimestampFormat? {
        self.traits.timestampFormat ?? self.target.traits.timestampFormat
    }

    /// Whether the value must never be shown.
    package var isSensitive: Bool {
        self.traits.isSensitive || self.target.traits.isSensitive
    }

    /// The constraints on the value here: the member's own, else the shape's.
    package let constraints: Constraints?
    /// Whether there are constraints: asked for each value, for which copying them would cost too much.
    let isConstrained: Bool
    /// The maximum number of elements or entries of a list or map.
    let countMax: Int
}

/// A member's traits, besides its target.
package struct MemberTraits: Sendable, Equatable {
    package var isRequired = false
    package var location = MemberLocation.body
    package var jsonName: String?
    package var xmlName: String?
    package var xmlNamespace: XMLNamespace?
    package var isXMLAttribute = false
    package var isXMLFlattened = false
    /// ec2Query's own name (`ec2QueryName`); else the capitalised `xmlName`, else the capitalised name.
    package var ec2QueryName: String?
    package var timestampFormat: TimestampFormat?
    package var mediaType: String?
    package var isIdempotencyToken = false
    package var isHostLabel = false
    package var isSensitive = false
    /// The default as a JSON text, Smithy's `default`; nil when there is none.
    package var defaultJSON: String?
    package var constraints: Constraints?

    package init() {}
}
