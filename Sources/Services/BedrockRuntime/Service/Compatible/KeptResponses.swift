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
    /// The memory of input and response in bytes, estimated.
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

    /// The limit on the memory of all responses in bytes; one request may have at most a quarter.
    static let bytesMax = 32 << 20
    /// The overhead of one response in bytes besides its documents.
    private static let entryBytes = 1024

    private let state = Mutex(State())

    package init() {}

    /// Whether the response to a request is stored; `earlier` has counted the items that the request references.
    static func keeps(_ request: CompatibleRequest, _ earlier: EarlierItems) -> Bool {
        request.body["store"] != .boolean(false)
            && request.body.memoryBytes + earlier.chargedBytes <= self.bytesMax / 4
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

    /// The input and output items of a response by their ids; of equal ids the first. Empty when it is not stored.
    func itemsByID(of id: String, _ context: RequestContext) -> [String: Document] {
        let items = self.state.withLock { Self.find(id, context, $0) }?.items ?? []
        return Dictionary(items.compactMap { item in item["id"]?.text.map { ($0, item) } }) { first, _ in first }
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
