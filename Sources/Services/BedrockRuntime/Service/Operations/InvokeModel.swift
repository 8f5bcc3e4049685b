package import BedrockRuntimeModel
internal import Inference
package import ServiceModel

extension BedrockRuntimeService {
    package func access(_ input: InvokeModelRequest, _ context: RequestContext) -> [ResourceAccess] {
        [ResourceAccess(action: "bedrock:InvokeModel", resource: ModelID.resource(input.modelID, context))]
    }

    /// Body and answer are in the notation of the model's family.
    package func invokeModel(
        _ input: InvokeModelRequest, _ context: RequestContext
    ) async throws(ServiceError) -> InvokeModelResponse {
        let id = try ModelID(input.modelID, context)
        let model = try self.catalog.model(id)
        guard input.guardrailIdentifier == nil else {
            throw .invalid("Guardrails are not supported by this version of Brume")
        }
        let native = try NativeRequest(id, body: input.body ?? [])
        let reply = try await ChatReply(model, native.request)
        return InvokeModelResponse(
            body: JSONText.bytes(native.family.response(reply, id)), contentType: "application/json")
    }
}
