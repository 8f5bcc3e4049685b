package import Primitives
package import ServiceModel
internal import Synchronization

/// A stored response, which later requests can continue, and clients can retrieve.
package struct KeptResponse: Sendable {
    let account: AccountID
    let region: Region
    /// The response that this one continues.
    let previous: String?
    /// The input of the request, without the preceding conversation.
    let input: [Document]
    let response: Document
    /// The size of the request and of the response in bytes.
    let bytes: Int

    package init(
        account: AccountID, region: Region, previous: String?, input: [Document], response: Document, bytes: Int
    ) {
        self.account = account
        self.region = region
        self.previous = previous
        self.input = input
        self.response = response
        self.bytes = bytes
    }

    var id: String { self.response["id"]?.text ?? "" }

    /// Input and output, as items of a later request.
    var items: [Document] { self.input + (self.response["output"]?.elements ?? []) }

    fileprivate func isOf(_ context: RequestContext) -> Bool {
        self.account == context.account && self.region == context.region
    }
}

/// The earlier items that a request may reference.
struct EarlierItems: Sendable {
    let kept: KeptResponses
    let context: RequestContext

    func items(upTo response: String) -> [Document]? { self.kept.items(upTo: response, self.context) }

    func item(_ id: String) -> Document? { self.kept.item(id, self.context) }
}

/// The responses of OpenAI's Responses API that are stored between requests.
// DEVIATION: AWS stores responses for thirty days. Here they are in memory: when it is full, the oldest are evicted;
// all are lost when the server stops.
package final class KeptResponses: Sendable {
    private struct State {
        /// By the order of creation.
        var responses: [Int: KeptResponse] = [:]
        var numbers: [String: Int] = [:]
        var oldest = 0
        var next = 0
        var bytes = 0
    }

    /// The limit on bytes of all responses; one request may have at most a quarter.
    private static let bytesMax = 32 << 20
    /// The overhead of one response in bytes, such as its documents' nodes.
    private static let entryBytes = 1024

    private let state = Mutex(State())

    package init() {}

    /// Whether the response to a request is stored.
    static func keeps(_ request: CompatibleRequest) -> Bool {
        request.body["store"] != .boolean(false) && request.byteCount <= self.bytesMax / 4
    }

    package func keep(_ response: KeptResponse) {
        self.state.withLock { state in
            state.responses[state.next] = response
            state.numbers[response.id] = state.next
            state.next += 1
            state.bytes += response.bytes + Self.entryBytes
            while state.bytes > Self.bytesMax, state.oldest < state.next {
                Self.remove(state.oldest, &state)
                state.oldest += 1
            }
        }
    }

    package func response(_ id: String, _ context: RequestContext) -> Document? {
        self.state.withLock { Self.find(id, context, $0)?.response }
    }

    /// - Returns: whether the response existed.
    package func remove(_ id: String, _ context: RequestContext) -> Bool {
        self.state.withLock { state in
            guard Self.find(id, context, state) != nil, let number = state.numbers[id] else { return false }
            Self.remove(number, &state)
            return true
        }
    }

    /// The whole conversation up to the end of a response; nil when it, or one before it, is not stored.
    package func items(upTo id: String, _ context: RequestContext) -> [Document]? {
        self.state.withLock { state in
            var kept: [KeptResponse] = []
            var next: String? = id
            while let id = next {
                guard let response = Self.find(id, context, state) else { return nil }
                kept.append(response)
                next = response.previous
            }
            return kept.reversed().flatMap { $0.items }
        }
    }

    /// The whole input of a response; when a part of the preceding conversation is lost, only the response's own input.
    func input(of id: String, _ context: RequestContext) -> [Document]? {
        guard let response = self.state.withLock({ Self.find(id, context, $0) }) else { return nil }
        return (response.previous.flatMap { self.items(upTo: $0, context) } ?? []) + response.input
    }

    /// An input or output item of a response, by the item's id, which contains the response's token.
    func item(_ id: String, _ context: RequestContext) -> Document? {
        let letters = id.drop { $0 != "_" }.prefix(1 + AnswerStamp.tokenLength)
        let response = self.state.withLock { Self.find("resp\(letters)", context, $0) }
        return response?.items.first { $0["id"] == .string(id) }
    }

    private static func find(_ id: String, _ context: RequestContext, _ state: State) -> KeptResponse? {
        guard let number = state.numbers[id], let response = state.responses[number], response.isOf(context) else {
            return nil
        }
        return response
    }

    private static func remove(_ number: Int, _ state: inout State) {
        guard let response = state.responses.removeValue(forKey: number) else { return }
        state.numbers[response.id] = nil
        state.bytes -= response.bytes + self.entryBytes
    }
}
