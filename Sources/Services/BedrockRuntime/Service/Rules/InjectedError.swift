internal import BedrockRuntimeModel
internal import ServiceModel

/// The errors that a rule can return to a client: those of Bedrock's runtime.
enum InjectedError {
    private static let factories: [String: @Sendable (String) -> ServiceError] = [
        "AccessDeniedException": { BedrockRuntimeError.accessDenied(message: $0) },
        "InternalServerException": { BedrockRuntimeError.internalServer(message: $0) },
        "ModelErrorException": { BedrockRuntimeError.modelError(message: $0) },
        "ModelNotReadyException": { BedrockRuntimeError.modelNotReady(message: $0) },
        "ModelStreamErrorException": { BedrockRuntimeError.modelStreamError(message: $0) },
        "ModelTimeoutException": { BedrockRuntimeError.modelTimeout(message: $0) },
        "ResourceNotFoundException": { BedrockRuntimeError.resourceNotFound(message: $0) },
        "ServiceUnavailableException": { BedrockRuntimeError.serviceUnavailable(message: $0) },
        "ThrottlingException": { BedrockRuntimeError.throttling(message: $0) },
        "ValidationException": { BedrockRuntimeError.validation(message: $0) },
    ]

    static var codes: Set<String> { Set(self.factories.keys) }

    static func error(_ failure: ModelRule.Failure) -> ServiceError {
        self.factories[failure.code].map { $0(failure.message) }
            ?? BedrockRuntimeError.internalServer(message: failure.message)
    }
}
