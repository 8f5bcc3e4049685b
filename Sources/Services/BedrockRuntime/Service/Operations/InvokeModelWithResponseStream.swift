package import BedrockRuntimeModel
internal import Inference
package import ServiceModel
internal import Synchronization

extension BedrockRuntimeService {
    package func access(
        _ input: InvokeModelWithResponseStreamRequest, _ context: RequestContext
    ) -> [ResourceAccess] {
        [
            ResourceAccess(
                action: "bedrock:InvokeModelWithResponseStream", resource: ModelID.resource(input.modelID, context))
        ]
    }

    package func invokeModelWithResponseStream(
        _ input: InvokeModelWithResponseStreamRequest, _ context: RequestContext
    ) async throws(ServiceError) -> InvokeModelWithResponseStreamResponse {
        let id = try ModelID(input.modelID, context)
        let model = try self.catalog.model(id)
        guard input.guardrailIdentifier == nil else {
            throw .invalid("Guardrails are not supported by this version of Brume")
        }
        let native = try NativeRequest(id, body: input.body ?? [])
        let started = ContinuousClock.now
        let body = EventStream<ResponseStream> { send in
            let chunks = Mutex(native.family.chunks(id))
            let firstByte = Mutex<Int?>(nil)
            func sendAll(_ documents: [Document]) async throws {
                for document in documents {
                    try await send(.chunk(PayloadPart(bytes: JSONText.bytes(document))))
                }
            }
            let outcome: ChatOutcome
            do {
                outcome = try await model.chat(native.request) { piece in
                    firstByte.withLock { $0 = $0 ?? started.millisecondsAgo }
                    for document in chunks.withLock({ $0.chunks(piece) }) {
                        try await send(.chunk(PayloadPart(bytes: JSONText.bytes(document))))
                    }
                }
            } catch let error as InferenceError {
                throw ServiceError.inStream(error)
            }
            let latency = started.millisecondsAgo
            let metrics = Document.object([
                "inputTokenCount": .number(outcome.inputTokens),
                "outputTokenCount": .number(outcome.outputTokens),
                "invocationLatency": .number(latency),
                "firstByteLatency": .number(firstByte.withLock { $0 } ?? latency),
            ])
            var last = chunks.withLock { $0.end(outcome) }
            if case .object(let members)? = last.popLast() {
                last.append(.object(members + [.init("amazon-bedrock-invocationMetrics", metrics)]))
            }
            try await sendAll(last)
        }
        return InvokeModelWithResponseStreamResponse(body: body, contentType: "application/json")
    }
}
