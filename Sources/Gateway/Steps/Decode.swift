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
/// A body that cannot be read is reported before constraints, and all broken constraints in one answer, as AWS does.
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
        guard violations.isEmpty else { throw codec.serviceError(for: violations, in: service) }
        return DecodedRequest(operation: request.operation, input: input, context: request.context)
    }
}
