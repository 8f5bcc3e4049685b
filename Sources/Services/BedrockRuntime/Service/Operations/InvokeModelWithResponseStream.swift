package import BedrockRuntimeModel
internal import Inference
package import ServiceModel
internal import Synchronization
internal import WireProtocols

extension BedrockRuntimeService {
    package func access(
        _ input: InvokeModelWithResponseStreamRequest, _ context: RequestContext
    ) -> [ResourceAccess] {
        self.accesses("bedrock:InvokeModelWithResponseStream", input.modelID, context)
    }

    package func invokeModelWithResponseStream(
        _ input: InvokeModelWithResponseStreamRequest, _ context: RequestContext
    ) async throws(ServiceError) -> InvokeModelWithResponseStreamResponse {
        let id = try ModelID(input.modelID, context)
        let model = try await self.model(id, context, try RequestMetadata(header: input.requestMetadata))
        let native = try await model.readingSlowly { () async throws(ServiceError) in
            try Self.refuse(guardrail: input.guardrailIdentifier != nil)
            try Self.check(tier: input.serviceTier)
            try OptimizedLatency.check(input.performanceConfigLatency, id, context)
            let body = try NativeRequest.document(input.body ?? [], contentType: input.contentType)
            guard Self.vectors(id, model, body) == nil else {
                throw .invalid("The model is unsupported for streaming.")
            }
            return try await NativeRequest(id, document: body)
        }
        let invocation = try await model.begin(native.request)
        let stamp = AnswerStamp(id, context, self.random)
        let body = EventStream<ResponseStream> { send in
            try await Self.sendChunks(
                of: invocation, native, stamp, send.mapped { json in [.chunk(PayloadPart(bytes: json))] })
        }
        return InvokeModelWithResponseStreamResponse(
            body: body, contentType: "application/json",
            performanceConfigLatency: input.performanceConfigLatency.map { _ in .standard },
            serviceTier: input.serviceTier.map { _ in .default })
    }

    /// Sends the chunks of an answer; the last one also contains the metrics of the invocation.
    private static func sendChunks(
        of invocation: Invocation, _ native: NativeRequest, _ stamp: AnswerStamp, _ send: Sink<[UInt8]>
    ) async throws {
        let started = ContinuousClock.now
        let chunks = Mutex(native.family.chunks(stamp))
        let firstByte = Mutex<Int?>(nil)
        let outcome: ChatOutcome
        do {
            outcome = try await invocation.chat(
                send.mapped { piece in
                    firstByte.withLock { $0 = $0 ?? started.millisecondsAgo }
                    return chunks.withLock { $0.json(piece) }
                })
        } catch let error as InferenceError {
            throw ServiceError.inStream(
                error, hasBegun: firstByte.withLock { $0 != nil }, tellsTimeouts: true)
        }
        let latency = started.millisecondsAgo
        let metrics = outcome.invocationMetrics(
            latencyMilliseconds: latency, firstByteMilliseconds: firstByte.withLock { $0 } ?? latency)
        var last = chunks.withLock { $0.end(outcome) }
        if case .object(let members)? = last.popLast() {
            last.append(.object(members + [.init("amazon-bedrock-invocationMetrics", metrics)]))
        }
        for document in last { try await send(document.json) }
    }
}
