internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// Serialises an output or an error in the request's protocol.
struct Encode: Sendable {
    func output(_ output: any WritableShape, _ call: Call) -> ResponseMessage {
        call.state.codec.response(
            output: output,
            for: call.operation.binding.schema,
            in: call.service.schema,
            exchange: WireProtocols.Exchange(
                requestID: call.context.requestID, headers: call.state.request.head.headers)
        )
    }

    /// The events of a streamed output; nil for any other output.
    func events(_ output: any WritableShape, _ call: Call) -> OutboundEvents? {
        guard let stream = call.operation.eventStream, let streamed = output as? any StreamedShape else {
            return nil
        }
        return OutboundEvents(
            output: streamed,
            codec: EventStreamCodec(stream: stream.target, format: call.state.codec.bodyFormat),
            service: call.service
        )
    }

    /// An error in the protocol's format; `service` is nil when the request did not name one.
    func error(
        _ error: ServiceError,
        requestID: RequestID,
        head: RequestHead,
        service: ServiceSchema?,
        operation: OperationEntry?,
        _ codec: any ServerProtocol
    ) -> ResponseMessage {
        codec.response(
            error: error,
            for: operation?.binding.schema,
            in: service,
            exchange: WireProtocols.Exchange(requestID: requestID, headers: head.headers)
        )
    }
}
