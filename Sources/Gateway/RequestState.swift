internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// The state of a request from authentication on, and what its access-log record needs.
final class RequestState {
    let request: IdentifiedRequest
    let requestID: RequestID
    let body: [UInt8]
    let connection: ConnectionInfo
    let started: ContinuousClock.Instant
    /// The sender, if a gateway has authenticated it.
    let sender: ForwardedSender?
    let codec: any ServerProtocol
    /// Known once the sender is authenticated.
    var context: RequestContext?
    /// The request without its content encoding, if that was undone before decoding.
    var inflated: InboundRequest?

    init(
        _ request: IdentifiedRequest, requestID: RequestID, _ body: [UInt8], _ connection: ConnectionInfo,
        _ started: ContinuousClock.Instant, _ sender: ForwardedSender?, _ codec: any ServerProtocol
    ) {
        self.request = request
        self.requestID = requestID
        self.body = body
        self.connection = connection
        self.started = started
        self.sender = sender
        self.codec = codec
    }

    /// The record of what is known of the request now.
    func record(status: Int, responseBytes: Int = 0) -> RequestRecord {
        var record = RequestRecord(
            self.request, requestID: self.requestID, bodyBytes: self.body.count, started: self.started)
        record.status = status
        record.responseBytes = responseBytes
        record.context = self.context
        record.gateway = self.sender?.gateway
        return record
    }

    func answered(status: Int) -> AnsweredRequest {
        AnsweredRequest(request: self.request, record: self.record(status: status))
    }
}

/// A request that is ready to run.
final class Call {
    let state: RequestState
    let service: ServiceEntry
    let operation: OperationEntry
    let input: any DecodedInput
    let context: RequestContext

    init(
        _ state: RequestState, _ service: ServiceEntry, _ operation: OperationEntry, _ input: any DecodedInput,
        _ context: RequestContext
    ) {
        self.state = state
        self.service = service
        self.operation = operation
        self.input = input
        self.context = context
    }
}

/// What every outcome of a request needs.
struct AnsweredRequest: Sendable {
    let request: IdentifiedRequest
    let record: RequestRecord

    /// The service whose error format applies; also set for a service that is not served here, if the format depends on
    /// it.
    var schema: ServiceSchema? {
        if case .unknownService(let unserved) = self.request.target, self.request.wireProtocol == .restXml {
            return unserved.schema
        }
        return self.request.target.service?.schema
    }

    var operation: OperationEntry? {
        if case .operation(_, let operation) = self.request.target { return operation }
        return nil
    }

    /// The service's hook for requests that are answered with an error.
    var onError: (@Sendable (ServiceError, RequestContext) -> Void)? {
        self.request.target.service?.registration.binding.onError
    }
}

extension IdentifiedTarget {
    /// The service, if there is exactly one.
    var service: ServiceEntry? {
        switch self {
        case .operation(let service, _), .notImplemented(let service, _), .unknownOperation(let service, _),
            .unknownMediaType(let service), .unknownVersion(let service, _, _):
            service
        case .form, .unknownService, .unidentified:
            nil
        }
    }

    /// The operation as the request names it; empty where it names none.
    var operationName: String {
        switch self {
        case .operation(_, let operation): operation.binding.schema.name
        case .notImplemented(_, let name), .unknownOperation(_, let name), .unknownVersion(_, let name, _): name
        case .unknownMediaType, .form, .unknownService, .unidentified: ""
        }
    }
}

extension InboundRequest {
    init(_ request: IdentifiedRequest, body: [UInt8]) {
        self.init(head: request.head, labels: request.labels, body: body)
    }
}

extension RequestRecord {
    /// What is known of a request before its answer.
    init(
        _ request: IdentifiedRequest, requestID: RequestID, bodyBytes: Int, started: ContinuousClock.Instant
    ) {
        self.init(
            requestID: requestID,
            service: request.target.service?.schema.id ?? "",
            operation: request.target.operationName,
            status: 0,
            errorCode: nil,
            context: nil,
            bodyBytes: bodyBytes,
            responseBytes: 0,
            started: started,
            traceID: TraceContext.id(request.head.headers)
        )
    }
}
