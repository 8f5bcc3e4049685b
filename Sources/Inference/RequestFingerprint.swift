internal import Crypto
internal import ServiceModel
internal import WireProtocols

/// Identifies a request to a model: equal requests have equal fingerprints, in every process and on every machine.
///
/// It is the SHA-256 of the request's JSON text below, with members in a fixed order. What a request omits is omitted
/// there too, so that a new member of `ChatRequest` does not change the fingerprints of requests that do not use it.
/// The caller is not included.
package struct RequestFingerprint: Sendable, Hashable, CustomStringConvertible {
    /// The number of digits kept of the digest: 128 bits.
    private static let digitCount = 32

    /// 32 lower-case hexadecimal digits.
    package let hex: String

    package var description: String { self.hex }

    /// The fingerprint of a document made by `RequestDocument`.
    init(of document: Document) {
        self.hex = String(ContentDigest(of: document.json).hex.prefix(Self.digitCount))
    }

    /// - Parameters:
    ///   - request: the request.
    ///   - model: the id in the request; two models answer the same request differently.
    package init(_ request: ChatRequest, model: String) {
        self.init(of: RequestDocument(sortsMembers: true).document(request, model: model))
    }

    /// SHA-256 over everything that determines an answer, and over its owner, for cached answers. The order of a
    /// schema's members counts, since the model sees it.
    /// - Parameters:
    ///   - request: the request.
    ///   - identity: identifies the model's content and the engine's build.
    ///   - owner: who may get the cached answer.
    /// - Returns: 32 bytes.
    package static func digest(_ request: ChatRequest, identity: String, owner: String) -> [UInt8] {
        let document = RequestDocument(sortsMembers: false).document(request, model: identity)
        return Array(SHA256.hash(data: Document.object(["owner": .string(owner), "request": document]).json))
    }
}

/// A request as readable JSON: everything that determines its answer, with images as digests.
struct RequestDocument {
    /// Whether the members of schemas and arguments are sorted by name: some languages serialise them in varying order.
    var sortsMembers: Bool

    func document(_ request: ChatRequest, model: String) -> Document {
        .object([
            "model": .string(model),
            "system": self.unlessEmpty(request.system.map { .string($0) }),
            "messages": .array(request.messages.map(self.message)),
            "tools": self.unlessEmpty(request.tools.map(self.tool)),
            "toolChoice": self.choice(request.toolChoice),
            "parallelCalls": request.allowsParallelCalls ? nil : .boolean(false),
            "sampling": self.sampling(request.sampling),
            "answerSchema": request.answerSchema.map(self.sorted),
            "reasoning": request.reasoning.map(self.reasoning),
            "cachePoint": request.cachePoint.map(self.cachePoint),
            "rawPrompt": request.isRawPrompt ? .boolean(true) : nil,
        ])
    }

    private func unlessEmpty(_ values: [Document]) -> Document? {
        values.isEmpty ? nil : .array(values)
    }

    private func message(_ message: ChatRequest.Message) -> Document {
        .object(["role": .string(message.role.rawValue), "parts": .array(message.parts.map(self.part))])
    }

    private func part(_ part: ChatRequest.Part) -> Document {
        switch part {
        case .text(let text): .object(["text": .string(text)])
        case .reasoning(let text): .object(["reasoning": .string(text)])
        case .image(let format, let bytes):
            .object([
                "image": .object([
                    "format": .string(format), "bytes": .number(bytes.count),
                    "sha256": .string(ContentDigest(of: bytes).hex),
                ])
            ])
        case .toolCall(let call): .object(["toolUse": self.call(call)])
        case .toolResult(let id, let text):
            .object(["toolResult": .object(["id": .string(id), "text": .string(text)])])
        }
    }

    func call(_ call: ToolCall) -> Document {
        .object([
            "id": .string(call.id), "name": .string(call.name), "input": self.sorted(call.arguments),
        ])
    }

    private func tool(_ tool: ChatRequest.Tool) -> Document {
        .object([
            "name": .string(tool.name), "description": .string(tool.description), "schema": self.sorted(tool.schema),
            "strict": tool.isStrict ? .boolean(true) : nil,
        ])
    }

    private func choice(_ choice: ChatRequest.ToolChoice) -> Document? {
        switch choice {
        case .auto: nil
        case .any: .string("any")
        case .never: .string("none")
        case .named(let name): .object(["name": .string(name)])
        }
    }

    private func sampling(_ sampling: ChatRequest.Sampling) -> Document? {
        let document = Document.object([
            "maxTokens": sampling.tokensMax.map { .number($0) },
            "temperature": sampling.temperature.map(self.number),
            "topP": sampling.topP.map(self.number),
            "topK": sampling.topK.map { .number($0) },
            "minP": sampling.minP.map(self.number),
            "presencePenalty": sampling.presencePenalty.map(self.number),
            "frequencyPenalty": sampling.frequencyPenalty.map(self.number),
            "seed": sampling.seed.map { .number($0) },
            "stopSequences": self.unlessEmpty(sampling.stopSequences.map { .string($0) }),
        ])
        return document.members.isEmpty ? nil : document
    }

    /// Numbers without a JSON form are written by name.
    private func number(_ value: Double) -> Document {
        value.isFinite ? .number("\(value)") : .string("\(value)")
    }

    private func reasoning(_ reasoning: ChatRequest.Reasoning) -> Document {
        .object([
            "on": .boolean(reasoning.isOn), "maxTokens": reasoning.tokensMax.map { .number($0) },
            "effort": reasoning.effort.map { .string($0) },
        ])
    }

    private func cachePoint(_ point: ChatRequest.CachePoint) -> Document {
        .object(["message": point.message.map { .number($0) }, "parts": .number(point.partCount)])
    }

    /// - Complexity: recursive to the depth of the document, which the JSON parser limits.
    private func sorted(_ document: Document) -> Document {
        guard self.sortsMembers else { return document }
        switch document {
        case .object(let members):
            let sorted = members.map { Document.Member($0.name, self.sorted($0.value)) }
            return .object(sorted.sorted { $0.name < $1.name })
        case .array(let elements): return .array(elements.map(self.sorted))
        default: return document
        }
    }
}

extension ChatRequest {
    /// Whether repeating the request gives the same answer: sampling without randomness, or with a given seed.
    package var isDeterministic: Bool {
        self.sampling.temperature == 0 || self.sampling.seed != nil
    }
}
