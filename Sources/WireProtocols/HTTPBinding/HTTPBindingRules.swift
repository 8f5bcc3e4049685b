internal import Primitives
package import ServiceModel

/// The `Content-Type` and `Accept` rules of protocols with HTTP bindings.
package enum HTTPBindingRules {
    /// Smithy's unit type: an operation without an input or output.
    package static let unitName = "Unit"

    /// Refuses a body whose type is not the operation's.
    /// - Throws: `unsupportedMediaType`.
    package static func checkContentType(
        _ request: InboundRequest, input: ShapeSchema, structureType: String
    ) throws(ShapeError) {
        guard !request.body.isEmpty else { return }
        let found = request.head.headers.first("Content-Type").map(MediaType.essence)
        if let payload = input.members.first(where: { $0.traits.location == .payload }) {
            guard let expected = self.contentType(of: payload, structureType: structureType) else { return }
            guard found == MediaType.essence(expected) else { throw .unsupportedMediaType }
        } else if input.members.contains(where: { $0.traits.location == .body })
            || (input.members.isEmpty && input.name != self.unitName)
        {
            guard found == structureType else { throw .unsupportedMediaType }
        } else if found != nil {
            throw .unsupportedMediaType
        }
    }

    /// Refuses a request whose client does not accept the type of the operation's output.
    /// - Throws: `notAcceptable`.
    package static func checkAccept(
        _ request: InboundRequest, output: ShapeSchema, structureType: String
    ) throws(ShapeError) {
        guard let accept = request.head.headers.first("Accept"), output.name != self.unitName else { return }
        var expected: String? = structureType
        if let payload = output.members.first(where: { $0.traits.location == .payload }) {
            expected = self.contentType(of: payload, structureType: structureType)
        }
        guard let expected, !MediaType.accepts(accept, expected) else { return }
        throw .notAcceptable
    }

    /// The type of a payload; nil when any type is allowed.
    private static func contentType(of payload: MemberSchema, structureType: String) -> String? {
        let traits = payload.target.traits
        if traits.isEventStream { return nil }
        if let mediaType = traits.mediaType ?? payload.traits.mediaType { return mediaType }
        switch payload.target.type {
        case .blob: return nil
        case .string, .enumeration: return "text/plain"
        default: return structureType
        }
    }
}
