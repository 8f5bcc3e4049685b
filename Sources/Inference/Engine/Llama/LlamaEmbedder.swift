internal import Primitives
internal import ServiceModel

/// Embeddings by an engine behind HTTP, batched and cached by content.
///
/// llama.cpp's own server receives tokens: each text is tokenised by the model's tokenizer and truncated if requested,
/// so the counted tokens are those that are computed. Other servers receive texts, one per request, so that each has
/// its own count.
package final class LlamaEmbedder: EmbeddingModel {
    private let server: LlamaServerModel
    private let batcher: EmbeddingBatcher?
    private let cache: EmbeddingCache?
    /// Identifies the model and its engine; nil disables caching.
    private let identity: String?
    /// The limit for one text, in tokens.
    private let tokensMax: Int?

    /// - Parameters:
    ///   - server: the connection.
    ///   - tokensMax: the limit for one text; nil when only the server knows it.
    ///   - identity: identifies the model's content and the engine's build.
    ///   - cache: shared by all models.
    package init(_ server: LlamaServerModel, tokensMax: Int?, identity: String?, cache: EmbeddingCache?) {
        self.server = server
        self.tokensMax = tokensMax
        self.identity = identity
        self.cache = cache
        guard server.capabilities.isLlamaServer, server.capabilities.hasTokenizer else {
            self.batcher = nil
            return
        }
        self.batcher = EmbeddingBatcher { (texts) throws(InferenceError) in
            let inputs = texts.map { text in Document.array(text.map { .number($0) }) }
            return try await Self.ask(server, .array(inputs), count: texts.count).vectors
        }
    }

    package func embed(_ request: EmbeddingRequest) async throws -> EmbeddingOutcome {
        var embeddings = [Embedding?](repeating: nil, count: request.texts.count)
        var keys: [EmbeddingCache.Key?] = []
        for (index, text) in request.texts.enumerated() {
            let key = self.identity.map { EmbeddingCache.Key(identity: $0, text: text, request: request) }
            keys.append(key)
            if let key, let cache = self.cache { embeddings[index] = cache.embedding(key) }
        }
        let missing = embeddings.indices.filter { embeddings[$0] == nil }
        guard !missing.isEmpty else { return EmbeddingOutcome(embeddings: embeddings.compactMap { $0 }) }
        let computed = try await self.compute(missing.map { request.texts[$0] }, request)
        for (index, embedding) in zip(missing, computed) {
            embeddings[index] = embedding
            if let key = keys[index] { self.cache?.keep(embedding, for: key) }
        }
        return EmbeddingOutcome(embeddings: embeddings.compactMap { $0 })
    }

    private func compute(_ texts: [String], _ request: EmbeddingRequest) async throws -> [Embedding] {
        guard let batcher = self.batcher else { return try await self.computeElsewhere(texts, request) }
        var shortened: [TokenBound.Text] = []
        let bound = TokenBound(request, modelMax: self.tokensMax)
        var marks: [Int]?
        for text in texts {
            let tokens = try await self.server.tokens(of: text)
            if bound.overflow != .refuse, tokens.count > bound.tokensMax, marks == nil {
                marks = try await self.server.tokens(of: "")
            }
            shortened.append(try bound.apply(tokens, marks: marks ?? []))
        }
        let vectors = try await batcher.vectors(of: shortened.map(\.tokens))
        return zip(shortened, vectors).map { text, vector in
            Embedding(values: vector, tokens: text.tokens.count, isShortened: text.isShortened)
        }
    }

    private func computeElsewhere(_ texts: [String], _ request: EmbeddingRequest) async throws -> [Embedding] {
        var embeddings: [Embedding] = []
        for text in texts {
            let (vectors, tokens) = try await Self.ask(self.server, .array([.string(text)]), count: 1)
            guard let tokens else {
                throw InferenceError.failed("the server of this model does not count the tokens of an embedding")
            }
            if let tokensMax = request.tokensMax, tokens > tokensMax {
                throw InferenceError.contextExceeded(tokens: tokens, tokensMax: tokensMax)
            }
            embeddings.append(Embedding(values: vectors[0], tokens: tokens))
        }
        return embeddings
    }

    /// `/v1/embeddings`: the vectors as computed, not normalised.
    private static func ask(
        _ server: LlamaServerModel, _ input: Document, count: Int
    ) async throws(InferenceError) -> (vectors: [[Float]], tokens: Int?) {
        var members: [Document.Member] = [
            .init("model", .string(server.name)), .init("input", input), .init("encoding_format", .string("base64")),
        ]
        if server.capabilities.isLlamaServer { members.append(.init("embd_normalize", .number(-1))) }
        let answer = try await server.asking("/v1/embeddings", .object(members))
        var vectors = [[Float]](repeating: [], count: count)
        for (place, element) in (answer["data"]?.elements ?? []).enumerated() {
            let index = element["index"]?.integer ?? place
            guard vectors.indices.contains(index), let vector = self.vector(element["embedding"]) else {
                throw .failed("the engine's vectors cannot be read")
            }
            vectors[index] = vector
        }
        guard vectors.allSatisfy({ !$0.isEmpty }) else { throw .failed("the engine left out a vector") }
        return (vectors, answer["usage"]?["prompt_tokens"]?.tokenCount)
    }

    /// Parses an array of numbers, or their bytes in base64.
    /// - Returns: nil for anything else, and for values that are not finite.
    static func vector(_ document: Document?) -> [Float]? {
        switch document {
        case .array(let elements)?:
            let values = elements.compactMap { $0.double.map { Float($0) } }
            return values.count == elements.count && values.allSatisfy(\.isFinite) ? values : nil
        case .string(let text)?:
            guard let bytes = Base64.decode(text.utf8), bytes.count % 4 == 0 else { return nil }
            var values: [Float] = []
            for start in stride(from: 0, to: bytes.count, by: 4) {
                // Little-endian, like all current machines.
                var bits: UInt32 = 0
                for byte in bytes[start..<(start + 4)].reversed() { bits = bits << 8 | UInt32(byte) }
                values.append(Float(bitPattern: bits))
            }
            return values.allSatisfy(\.isFinite) ? values : nil
        default: return nil
        }
    }
}

/// The token limit of a text, and how longer ones are handled.
struct TokenBound {
    let overflow: EmbeddingRequest.Overflow
    let tokensMax: Int

    /// A text within the bound.
    struct Text {
        var tokens: [Int]
        var isShortened: Bool
    }

    init(_ request: EmbeddingRequest, modelMax: Int?) {
        self.overflow = request.overflow
        self.tokensMax = min(request.tokensMax ?? .max, modelMax ?? .max)
    }

    /// - Parameters:
    ///   - tokens: the tokens of the text.
    ///   - marks: the tokens of an empty text: those that the model requires at the beginning and end of each text.
    /// - Returns: as many tokens as allowed, enclosed in the marks.
    /// - Throws: `contextExceeded` when truncation is not allowed.
    func apply(_ tokens: [Int], marks: [Int]) throws(InferenceError) -> Text {
        guard tokens.count > self.tokensMax else { return Text(tokens: tokens, isShortened: false) }
        guard self.overflow != .refuse, marks.count < self.tokensMax else {
            throw .contextExceeded(tokens: tokens.count, tokensMax: self.tokensMax)
        }
        let head = zip(marks, tokens).prefix { $0 == $1 }.count
        let tail = marks.count - head
        let words = tokens[head..<(tokens.count - tail)]
        let room = self.tokensMax - marks.count
        let kept = self.overflow == .dropStart ? words.suffix(room) : words.prefix(room)
        return Text(tokens: tokens.prefix(head) + kept + tokens.suffix(tail), isShortened: true)
    }
}
