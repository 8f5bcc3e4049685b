internal import Gateway
internal import Primitives
internal import Synchronization
internal import Upstream

/// A place at which other processes take a role, as the setting says it.
struct NodePlace: Sendable, Hashable {
    var endpoint: UpstreamEndpoint

    /// - Returns: nil unless the text is `http://host:port` or `https://host:port`.
    init?(_ text: String) {
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), let endpoint = UpstreamEndpoint(text) else {
            return nil
        }
        self.endpoint = endpoint
    }
}

/// Sends requests of the gateway to the nodes of a role, over connections that are kept.
///
/// A request whose body is at hand is tried at one node after the other, as long as it has reached none, or may be sent
/// again. One whose body is passed on as it comes is tried once.
final class UpstreamNodes: ServiceNodes {
    private let clients: [UpstreamClient]
    private let turn = Atomic<Int>(0)

    /// Attempts to send one request, more than which are not made.
    static let attemptCountMax = 3

    init(_ places: [NodePlace], options: UpstreamOptions, tls: UpstreamTLS?) throws(UpstreamError) {
        precondition(!places.isEmpty, "a role is taken somewhere")
        var clients: [UpstreamClient] = []
        for place in places { clients.append(try UpstreamClient(place.endpoint, options: options, tls: tls)) }
        self.clients = clients
    }

    func send(_ request: NodeRequest) async throws(NodeError) -> NodeAnswer {
        let first = self.turn.add(1, ordering: .relaxed).oldValue
        var last = NodeError("no node was asked")
        let attemptCount = min(Self.attemptCountMax, max(2, self.clients.count))
        for attempt in 0..<attemptCount {
            let client = self.clients[(first &+ attempt) % self.clients.count]
            do throws(UpstreamError) {
                return try await self.send(request, to: client)
            } catch {
                last = NodeError(error.sentence, node: client.endpoint.description)
                guard case .bytes = request.body, error.isUpstreamFault, !error.hasAnswered,
                    !error.wasSent || request.isRepeatable
                else { throw last }
            }
        }
        throw last
    }

    private func send(
        _ request: NodeRequest, to client: UpstreamClient
    ) async throws(UpstreamError) -> NodeAnswer {
        // The client would send the same statement again, which a node hears once only.
        let upstream = UpstreamRequest(
            request.method, request.target, headers: request.headers(), isIdempotent: false)
        switch request.body {
        case .bytes(let bytes):
            let hasBody = !bytes.isEmpty || (request.method != "GET" && request.method != "HEAD")
            let response = try await client.send(upstream, body: hasBody ? bytes : nil)
            return NodeAnswer(
                status: response.status, headers: response.head.headers, node: client.endpoint.description,
                next: { try await response.next() })
        case .stream(let next):
            return try await StreamedExchange.start(upstream, PulledBody(pull: next), at: client)
        }
    }
}

/// A request whose body and answer are on their way at the same time.
///
/// The client runs such an exchange inside a function; the gateway hands its answer out of one. This holds the function
/// open until the answer is over or nobody wants it any more.
final class StreamedExchange: Sendable {
    private let head = Handover<Result<UpstreamResponse, UpstreamError>>()
    private let end = Handover<Void>()

    static func start(
        _ request: UpstreamRequest, _ body: PulledBody, at client: UpstreamClient
    ) async throws(UpstreamError) -> NodeAnswer {
        let exchange = StreamedExchange()
        // Ended by `close`, at the latest when the answer is let go of.
        let task = Task { [head = exchange.head, end = exchange.end] in
            do {
                try await client.stream(request, body: body) { response in
                    head.give(.success(response))
                    await end.take()
                }
            } catch let error as UpstreamError {
                head.give(.failure(error))
            } catch {
                head.give(.failure(UpstreamError(.badRequest("\(error)"))))
            }
        }
        let outcome = await withTaskCancellationHandler {
            await exchange.head.take()
        } onCancel: {
            task.cancel()
        }
        let response = try outcome.get()
        return NodeAnswer(
            status: response.status, headers: response.head.headers, node: client.endpoint.description,
            next: {
                do {
                    if let piece = try await response.next() { return piece }
                } catch {
                    exchange.close()
                    throw error
                }
                exchange.close()
                return nil
            })
    }

    deinit { self.close() }

    private func close() {
        self.end.give(())
    }
}

/// One value, given once and taken once.
private final class Handover<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case given(Value)
        case awaited(CheckedContinuation<Value, Never>)
        case done
    }

    private let state = Mutex(State.empty)

    func give(_ value: Value) {
        let waiter = self.state.withLock { (state) -> CheckedContinuation<Value, Never>? in
            switch state {
            case .empty:
                state = .given(value)
                return nil
            case .awaited(let waiter):
                state = .done
                return waiter
            case .given, .done:
                return nil
            }
        }
        waiter?.resume(returning: value)
    }

    func take() async -> Value {
        await withCheckedContinuation { continuation in
            let value = self.state.withLock { (state) -> Value? in
                guard case .given(let value) = state else {
                    state = .awaited(continuation)
                    return nil
                }
                state = .done
                return value
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}

/// The pieces of a body, each asked for when the one before has been taken.
struct PulledBody: AsyncSequence, AsyncIteratorProtocol, Sendable {
    typealias Element = [UInt8]

    let pull: @Sendable () async throws -> [UInt8]?

    func next() async throws -> [UInt8]? { try await self.pull() }

    func makeAsyncIterator() -> PulledBody { self }
}
