internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// A request whose input has been read and meets the model's constraints.
struct DecodedRequest: Sendable {
    var operation: OperationEntry
    var input: any ReadableShape
    var context: RequestContext
}

/// Reads the input by the operation's schema in the request's protocol.
///
/// A body that cannot be read is reported before constraints, and all broken constraints in one answer, as AWS does in
/// most operations.
struct Decode: Sendable {
    func callAsFunction(
        _ request: AuthenticatedRequest, _ codec: any ServerProtocol
    ) throws(ServiceError) -> DecodedRequest {
        let service = request.service.schema
        let inbound = InboundRequest(head: request.head, labels: request.labels, body: request.body)
        let input: any ReadableShape
        let violations: [ConstraintViolation]
        do throws(ShapeError) {
            let schema = request.operation.binding.schema
            let plain = try ContentEncoding.decoded(
                inbound,
                for: schema,
                bytesMax: request.service.registration.bodyBytesMax
            )
            let wire = try codec.reader(for: schema, in: service, request: plain)
            let reader = ShapeReader(wire)
            input = try request.operation.binding.decode(reader)
            try wire.finish()
            violations = reader.violations
        } catch {
            throw codec.serviceError(for: error, in: service)
        }
        guard violations.isEmpty else {
            if let sentence = Self.ownSentence(violations, of: request) {
                throw ServiceError(code: "ValidationException", message: sentence)
            }
            throw codec.serviceError(for: Self.told(violations, of: request), in: service)
        }
        return DecodedRequest(operation: request.operation, input: input, context: request.context)
    }

    /// The service's own words for a value that its enumeration has not, when that is all.
    private static func ownSentence(_ violations: [ConstraintViolation], of request: AuthenticatedRequest) -> String? {
        guard violations.count == 1, case .enumeration = violations[0].demand,
            case .member(let name)? = violations[0].path.last
        else { return nil }
        return request.service.registration.enumerationSentences[name]
    }

    /// All violations, or the one of the first member in the model's order.
    private static func told(
        _ violations: [ConstraintViolation], of request: AuthenticatedRequest
    ) -> [ConstraintViolation] {
        let schema = request.operation.binding.schema
        let isSingle = request.service.registration.singleViolationOperations.contains(schema.name)
        guard isSingle, violations.count > 1 else { return violations }
        let names = schema.input.members.map(\.name)
        let first = violations.min { Self.place($0, names) < Self.place($1, names) }
        return first.map { [$0] } ?? violations
    }

    private static func place(_ violation: ConstraintViolation, _ names: [String]) -> Int {
        guard case .member(let name)? = violation.path.first else { return 0 }
        return names.firstIndex(of: name) ?? names.count
    }
}
