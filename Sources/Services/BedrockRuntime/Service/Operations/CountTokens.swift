package import BedrockRuntimeModel
internal import Inference
package import ServiceModel

extension BedrockRuntimeService {
    package func access(_ input: CountTokensRequest, _ context: RequestContext) -> [ResourceAccess] {
        self.accesses("bedrock:CountTokens", input.modelID, context)
    }

    /// The number of input tokens for which a request of Converse or InvokeModel would be charged.
    package func countTokens(
        _ input: CountTokensRequest, _ context: RequestContext
    ) async throws(ServiceError) -> CountTokensResponse {
        let id = try ModelID(input.modelID, context)
        let model = try await self.model(id, context)
        let request: ChatRequest
        switch input.input {
        case .converse(let converse): request = try await ConversePlan(converse, for: id).request
        case .invokeModel(let invoke):
            guard id.mayConverse else {
                throw .invalid("The provided model doesn't support counting tokens.")
            }
            request = try await NativeRequest(id, body: invoke.body).request
        case .unknown: throw .invalid("The input field must set one of converse and invokeModel.")
        }
        do throws(ServiceError) {
            return CountTokensResponse(inputTokens: try await model.countTokens(request))
        } catch {
            throw Self.countError(error)
        }
    }

    /// The operation has no error codes for a model that fails or is not ready.
    private static func countError(_ error: ServiceError) -> ServiceError {
        switch error.code {
        case "ModelNotReadyException": BedrockRuntimeError.throttling(message: error.message)
        case "ModelErrorException", "ModelTimeoutException":
            BedrockRuntimeError.serviceUnavailable(message: error.message)
        default: error
        }
    }
}
