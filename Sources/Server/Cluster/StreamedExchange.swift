internal import Gateway
internal import Primitives
internal import Synchronization
internal import Upstream

/// A request whose body and answer are in transit at the same time.
///
/// The client runs such an exchange inside a function; the gateway hands its answer out of one. This holds the function
/// open until the answer has ended or is no longer wanted.
final class StreamedExchange: Sendable {
    private let head = OneTimeValue<Result<PoolResponse, UpstreamError>>()
    private let end = OneTimeValue<Void>()

    static func start(
        _ request: UpstreamRequest, _ body: PulledBody, _ lease: UpstreamLease
    ) async throws(UpstreamError) -> NodeAnswer {
        let exchange = StreamedExchange()
        // Ended by `close`, at the latest when the answer is released.
        let task = Task { [head = exchange.head, end = exchange.end] in
            do {
                try await lease.client.stream(request, body: body) { response in
                    head.give(.success(PoolResponse(response, lease)))
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
        let node = lease.client.name
        return NodeAnswer(
            status: response.status, headers: response.head.headers, node: node,
            next: {
                do throws(UpstreamError) {
                    if let piece = try await response.next() { return piece }
                } catch {
                    exchange.close()
                    throw NodeError(error.sentence, node: node)
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

/// A value that is given once and taken once.
private final class OneTimeValue<Value: Sendable>: Sendable {
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

/// The pieces of a body; each is requested after the previous one has been taken.
struct PulledBody: AsyncSequence, AsyncIteratorProtocol, Sendable {
    typealias Element = [UInt8]

    let pull: @Sendable () async throws -> [UInt8]?

    func next() async throws -> [UInt8]? { try await self.pull() }

    func makeAsyncIterator() -> PulledBody { self }
}
