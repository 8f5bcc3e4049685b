internal import Crypto
internal import ServiceModel
internal import WireProtocols

/// What tells a chat request from every other one.
package enum RequestFingerprint {
    /// SHA-256 over everything that decides an answer: whose it is, the model, and all of the request but whose turn
    /// it is.
    /// - Parameters:
    ///   - request: what is asked.
    ///   - identity: of the model's content and the engine's build.
    ///   - owner: who may get the answer again.
    /// - Returns: 32 bytes.
    package static func digest(_ request: ChatRequest, identity: String, owner: String) -> [UInt8] {
        let sampling = request.sampling
        let document = Document.object([
            "format": .number(1), "owner": .string(owner), "model": .string(identity),
            "system": .array(request.system.map { .string($0) }),
            "messages": .array(
                request.messages.map { message in
                    .object([
                        "role": .string(message.role.rawValue), "parts": .array(message.parts.map(self.part)),
                    ])
                }),
            "tools": .array(
                request.tools.map { tool in
                    .object([
                        "name": .string(tool.name), "description": .string(tool.description), "schema": tool.schema,
                        "strict": .boolean(tool.isStrict),
                    ])
                }),
            "choice": .string("\(request.toolChoice)"), "schema": request.answerSchema ?? .null,
            "tokensMax": self.number(sampling.tokensMax), "temperature": self.number(sampling.temperature),
            "topP": self.number(sampling.topP), "topK": self.number(sampling.topK),
            "minP": self.number(sampling.minP), "presence": self.number(sampling.presencePenalty),
            "frequency": self.number(sampling.frequencyPenalty), "seed": self.number(sampling.seed),
            "stops": .array(sampling.stopSequences.map { .string($0) }),
            "reasoning": request.reasoning.map { reasoning in
                .object([
                    "on": .boolean(reasoning.isOn), "tokensMax": self.number(reasoning.tokensMax),
                    "effort": reasoning.effort.map { .string($0) },
                ])
            } ?? .null,
            "cachePoint": request.cachePoint.map { .string("\($0.message ?? -1)/\($0.partCount)") } ?? .null,
            "raw": .boolean(request.isRawPrompt),
        ])
        return Array(SHA256.hash(data: document.json))
    }

    private static func number(_ value: (some CustomStringConvertible)?) -> Document {
        value.map { .string($0.description) } ?? .null
    }

    private static func part(_ part: ChatRequest.Part) -> Document {
        switch part {
        case .text(let text): .object(["text": .string(text)])
        case .reasoning(let text): .object(["reasoning": .string(text)])
        case .image(let format, let bytes):
            .object(["image": .string(ContentDigest(of: bytes).hex), "format": .string(format)])
        case .toolCall(let call):
            .object(["call": .string(call.id), "name": .string(call.name), "arguments": call.arguments])
        case .toolResult(let id, let text): .object(["result": .string(id), "text": .string(text)])
        }
    }
}

extension ChatRequest {
    /// Whether the same request is answered in the same words: without chance, or with a chance that is told.
    package var isDeterministic: Bool {
        self.sampling.temperature == 0 || self.sampling.seed != nil
    }
}
