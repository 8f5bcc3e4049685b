package import ServiceModel

/// XML as the format of bodies and events.
package struct XMLFormat: BodyFormat {
    /// What encloses the members of a root structure, in protocols with an envelope.
    package struct Envelope: Sendable {
        package var prefix: [UInt8]
        package var suffix: [UInt8]

        package init(prefix: [UInt8], suffix: [UInt8]) {
            self.prefix = prefix
            self.suffix = suffix
        }
    }

    /// The service's namespace, for roots without one of their own.
    private let namespace: XMLNamespace?
    private let envelope: Envelope?

    package init(namespace: XMLNamespace? = nil, envelope: Envelope? = nil) {
        self.namespace = namespace
        self.envelope = envelope
    }

    package var contentType: String { "application/xml" }

    package func makeReader(_ body: [UInt8], root: BodyRoot) throws(ShapeError) -> any BodyReader {
        try XMLReader(parsing: body)
    }

    /// Whether the response carries the member outside the body; labels and queries exist in requests only.
    private static func isOutsideOfBody(_ location: MemberLocation) -> Bool {
        switch location {
        case .header, .prefixHeaders, .statusCode, .payload: true
        case .body, .label, .query, .queryParams, .eventHeader, .eventPayload: false
        }
    }

    package func makeWriter(root: BodyRoot) -> any BodyWriter {
        if let envelope = self.envelope {
            return XMLWriter(root: .none(memberNamespace: nil), prefix: envelope.prefix, suffix: envelope.suffix)
        }
        let prefix = Array(XMLText.declaration.utf8)
        switch root {
        case .structure(let schema) where schema.traits.isWrapper:
            return XMLWriter(root: .none(memberNamespace: self.namespace), prefix: prefix)
        case .structure(let schema):
            let name = schema.traits.xmlName ?? schema.name
            let namespace = schema.traits.xmlNamespace ?? self.namespace
            // An output whose members are all outside the body has no body.
            let isEmpty = schema.members.allSatisfy { Self.isOutsideOfBody($0.traits.location) }
            return XMLWriter(root: .element(name: name, namespace: namespace), prefix: prefix, isEmpty: isEmpty)
        case .payload(let member):
            let shape = member.target
            let name = member.traits.xmlName ?? shape.traits.xmlName ?? shape.name
            let namespace = member.traits.xmlNamespace ?? shape.traits.xmlNamespace ?? self.namespace
            return XMLWriter(root: .element(name: name, namespace: namespace), prefix: prefix)
        case .named(let name):
            return XMLWriter(root: .element(name: name, namespace: self.namespace), prefix: prefix)
        }
    }
}
