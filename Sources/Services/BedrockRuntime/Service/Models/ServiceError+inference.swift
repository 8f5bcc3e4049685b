internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

extension ServiceError {
    static func invalid(_ message: String) -> ServiceError {
        BedrockRuntimeError.validation(message: message)
    }

    /// The client's error for a model's failure.
    init(_ error: InferenceError) {
        switch error {
        case .unsupported(let sentence):
            self = .invalid(sentence)
        case .contextExceeded(let tokens, let tokensMax):
            self = ServiceError(
                code: "ValidationException", message: ContextFault.message,
                detail: ContextFault(tokens: tokens, tokensMax: tokensMax))
        case .failed, .unreached:
            self = BedrockRuntimeError.modelError(
                message: "The model failed while it answered; the server's log names the reason.")
        case .notLoaded:
            self = BedrockRuntimeError.modelError(
                message: "The model could not be loaded; the server's log names the reason.")
        case .refused(let status, let sentence):
            self = BedrockRuntimeError.modelError(message: sentence, originalStatusCode: status)
        case .notReady(let sentence):
            self = BedrockRuntimeError.modelNotReady(message: sentence)
        case .busy:
            self = BedrockRuntimeError.throttling(
                message: "Too many requests, please wait before trying again.")
        case .timedOut(let seconds):
            let bound = seconds.map { "within \($0) seconds" } ?? "in time"
            self = BedrockRuntimeError.modelTimeout(message: "The model did not answer \(bound).")
        case .noEngine(let sentence), .tooLarge(let sentence):
            self = BedrockRuntimeError.serviceUnavailable(message: sentence)
        }
    }
}
