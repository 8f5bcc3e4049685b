internal import BedrockRuntimeModel
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import WireProtocols

/// Errors in the form of OpenAI's API.
///
/// - Source: OpenAI API reference, "Error codes". For a key that is not accepted, Bedrock's own endpoint answers 401
///   with `invalid_api_key` and "Invalid bearer token"; its wording for other errors is not published.
enum OpenAIError {
    static func answer(_ error: ServiceError, _ requestID: RequestID) -> (status: Int, body: [UInt8]) {
        (self.status(error), self.document(error).json)
    }

    /// The last event of a stream that failed. Clients raise events with an `error`.
    /// - Source: OpenAI API reference, "Streaming events", `error`, for that of a response; recorded ones also have a
    ///   member `error` (Soju06/codex-lb#429).
    static func event(_ error: ServiceError, _ requestID: RequestID) -> [UInt8] {
        let document = self.document(error)
        guard let fault = error.detail as? StreamFault else { return ServerSentEvents.event(document) }
        let told = document["error"]
        return ServerSentEvents.typed(
            .object([
                "type": .string("error"), "sequence_number": .number(fault.sequenceNumber),
                "code": told?["code"] ?? .null, "message": .string(error.message), "param": told?["param"] ?? .null,
                "error": told,
            ]))
    }

    static func document(_ error: ServiceError) -> Document {
        let (type, name) = self.names(error)
        let fault = error.detail as? MemberFault
        let code = error.detail is ContextFault ? ContextFault.openAICode : fault?.code ?? name
        return .object([
            "error": .object([
                "message": .string(error.message), "type": .string(type),
                "param": fault.flatMap { $0.member.isEmpty ? nil : .string($0.member) } ?? .null,
                "code": code.map { .string($0) } ?? .null,
            ])
        ])
    }

    /// The status, which determines the type of the error: after the start of a stream, only the type is sent.
    static func status(_ error: ServiceError) -> Int {
        switch error.code {
        // OpenAI has no dedicated status for a model that failed.
        case "ModelErrorException", "ModelStreamErrorException": 500
        default: error.status
        }
    }

    private static func names(_ error: ServiceError) -> (type: String, code: String?) {
        switch error.code {
        case ServiceError.RouteCode.invalidBearer: ("authentication_error", "invalid_api_key")
        case ServiceError.RouteCode.unauthenticated: ("authentication_error", "invalid_api_key")
        case ServiceError.RouteCode.methodNotAllowed: ("invalid_request_error", "method_not_supported")
        case "ResourceNotFoundException": ("invalid_request_error", "model_not_found")
        case "AccessDeniedException": ("permission_error", "access_denied")
        case "ThrottlingException": ("rate_limit_error", "rate_limit_exceeded")
        case "ModelNotReadyException": ("rate_limit_error", "model_not_ready")
        case "ModelTimeoutException": ("server_error", nil)
        default: self.status(error) < 500 ? ("invalid_request_error", nil) : ("server_error", nil)
        }
    }
}

/// An error that ends a stream with numbered events, with its own number.
struct StreamFault: WritableShape {
    static let schema = ValidationException.schema

    let message: String
    let sequenceNumber: Int

    func write(to writer: any ShapeWriter) {
        ValidationException(message: self.message).write(to: writer)
    }
}

/// Errors in the form of Anthropic's API.
/// - Source: Anthropic API reference, "Errors".
enum AnthropicError {
    /// Makes the client send the whole conversation with each request.
    /// - Source: Anthropic's SDK, `ThreadUnsupportedRequestErrorDetails`.
    static let noThreads = ServiceError(
        code: "ThreadUnsupportedRequest",
        message: "thread: no conversation is kept here between requests; send the whole of it without `thread`.")

    static func answer(_ error: ServiceError, _ requestID: RequestID) -> (status: Int, body: [UInt8]) {
        (OpenAIError.status(error), self.document(error, requestID).json)
    }

    static func event(_ error: ServiceError, _ requestID: RequestID) -> [UInt8] {
        ServerSentEvents.typed(self.document(error, requestID))
    }

    private static func document(_ error: ServiceError, _ requestID: RequestID) -> Document {
        .object([
            "type": .string("error"),
            "error": .object([
                "type": .string(self.type(error)), "message": .string(self.message(error)),
                "details": error.code == self.noThreads.code
                    ? .object(["error_code": .string("thread_unsupported_request")]) : nil,
            ]),
            "request_id": .string(requestID.description),
        ])
    }

    /// The sentence about an unknown path is OpenAI's, the one about a prompt that is too long Bedrock's.
    private static func message(_ error: ServiceError) -> String {
        if error.code == ServiceError.RouteCode.unknownPath { return "Not Found" }
        return (error.detail as? ContextFault)?.anthropicSentence ?? error.message
    }

    private static func type(_ error: ServiceError) -> String {
        switch OpenAIError.status(error) {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503: "overloaded_error"
        case 408, 504: "timeout_error"
        case ..<500: "invalid_request_error"
        default: "api_error"
        }
    }
}
