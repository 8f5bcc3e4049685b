internal import Primitives
internal import ServiceModel
internal import WireProtocols

// The template puts a marker for each image into the prompt; tokenised as text, it would be counted as tokens that the
// engine never computes.

extension LlamaServerModel {
    /// The number of tokens of a conversation with images: only the engine knows how many an image takes.
    func tokensWithImages(_ request: ChatRequest, isAnswerBegun: Bool) async throws(InferenceError) -> Int {
        try self.check(request)
        guard self.capabilities.isLlamaServer else {
            throw .unsupported("The server of this model does not count the tokens of images.")
        }
        let answer = try await self.inAcceptedTurns(request) { (request) async throws(InferenceError) in
            let members = ChatBody.prompt(request, isOwnEngine: true, isAnswerBegun: isAnswerBegun)
            return try await self.asking("/v1/chat/completions/input_tokens", .object(members))
        }
        guard let count = answer["input_tokens"]?.tokenCount else {
            throw .failed("the engine did not say how many tokens the images take")
        }
        return count
    }

    /// A rendered prompt in the format of `/completion`, with the images for its markers.
    static func prompt(_ text: String, with images: [[UInt8]]) -> Document {
        guard !images.isEmpty else { return .string(text) }
        return .object([
            "prompt_string": .string(text),
            "multimodal_data": .array(images.map { .string(Base64.encode($0)) }),
        ])
    }
}

extension ChatRequest {
    /// The bytes of all images, in order.
    var images: [[UInt8]] {
        self.messages.flatMap(\.parts).compactMap { if case .image(_, let bytes) = $0 { bytes } else { nil } }
    }
}
