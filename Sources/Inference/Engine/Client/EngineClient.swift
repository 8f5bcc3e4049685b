internal import Primitives
internal import Upstream

/// Sends requests to an engine over HTTP/1.1, each over its own connection: llama.cpp's server closes one after each
/// stream, and closing the connection cancels the request. For an engine of this process, the next connection is opened
/// while a request is answered.
package struct EngineClient: Sendable {
    /// The connection timeout.
    static let connectSecondsMax = 5
    /// The timeout for the next byte: on a CPU, a long prompt takes minutes before its first token.
    package static let silenceSecondsMax = 900
    /// If an engine closes a connection within this time without an answer, it was already ending when the connection
    /// was made.
    static let endingBound = Duration.milliseconds(250)
    /// The largest buffered answer: a tokenised prompt of a million tokens.
    static let answerBytesMax = 64 << 20
    /// Connections that are opened ahead: each occupies one of the HTTP threads that an engine has beside those of its
    /// slots (`EngineLaunch.arguments`).
    static let preparedConnectionsMax = 4
    /// How long they stay unused; llama.cpp's server closes them after 5 seconds.
    static let preparedMax = Duration.seconds(2)
    /// The largest error answer.
    static let refusalBytesMax = 1 << 20

    package let endpoint: EngineEndpoint
    private let silenceSeconds: Int
    private let upstream: UpstreamClient

    /// - Parameters:
    ///   - endpoint: the engine.
    ///   - silenceSeconds: the timeout for the next byte.
    ///   - preparesConnections: whether connections are opened ahead.
    /// - Throws: when the endpoint uses TLS and the system's certificates cannot be read.
    package init(
        _ endpoint: EngineEndpoint, silenceSeconds: Int = EngineClient.silenceSecondsMax,
        preparesConnections: Bool = false
    ) throws(EngineClientError) {
        self.endpoint = endpoint
        self.silenceSeconds = silenceSeconds
        let silence = Duration.seconds(silenceSeconds)
        let timeouts = UpstreamTimeouts(
            connect: .seconds(Self.connectSecondsMax), firstByte: silence, idle: silence, total: nil)
        do throws(UpstreamError) {
            self.upstream = try UpstreamClient(
                endpoint.upstream,
                options: UpstreamOptions(
                    timeouts: timeouts, keepsConnections: false,
                    preparedConnectionsMax: preparesConnections ? Self.preparedConnectionsMax : 0,
                    restingMax: Self.preparedMax))
        } catch {
            throw .unreachable("TLS cannot be set up: \(error.sentence)")
        }
    }

    /// Sends a request and returns once the head of the answer has arrived.
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - path: appended to the endpoint's base path.
    ///   - body: JSON; nil sends none.
    /// - Returns: the status; the body follows.
    /// - Throws: when nothing listens, or the connection ends or times out before a status arrives.
    package func send(
        _ method: String, _ path: String, body: [UInt8]? = nil
    ) async throws(EngineClientError) -> EngineAnswer {
        var headers: HeaderFields = ["Accept": "*/*"]
        if let key = self.endpoint.apiKey { headers.append("Authorization", "Bearer \(key)") }
        if body != nil { headers.append("Content-Type", "application/json") }
        // Once it was sent, only this function sends it again: an engine may have died of it after a while.
        let request = UpstreamRequest(method, self.endpoint.basePath + path, headers: headers, isIdempotent: false)
        var preparedCount = self.upstream.options.preparedConnectionsMax
        while true {
            let begun = ContinuousClock.now
            do throws(UpstreamError) {
                return EngineAnswer(
                    try await self.upstream.send(request, body: body), silenceSeconds: self.silenceSeconds)
            } catch {
                guard error.reason == .cutOff, begun.duration(to: .now) < Self.endingBound else {
                    throw EngineClientError(error, silenceSeconds: self.silenceSeconds)
                }
                // The engine may have closed a connection that was opened ahead at the moment at which it was used. And
                // a process that was just killed may still accept connections while the system cleans it up.
                guard preparedCount > 0 else { throw .unreachable("the connection was closed at once") }
                preparedCount -= 1
            }
        }
    }

    /// Sends a request and buffers its answer.
    package func ask(
        _ method: String, _ path: String, body: [UInt8]? = nil
    ) async throws(EngineClientError) -> (status: Int, body: [UInt8]) {
        let answer = try await self.send(method, path, body: body)
        defer { answer.close() }
        return (answer.status, try await answer.gather(bytesMax: Self.answerBytesMax))
    }
}

/// An answer after its head; the body follows.
package struct EngineAnswer: Sendable {
    private let response: UpstreamResponse
    private let silenceSeconds: Int

    init(_ response: UpstreamResponse, silenceSeconds: Int) {
        self.response = response
        self.silenceSeconds = silenceSeconds
    }

    package var status: Int { self.response.status }

    /// Passes bytes to `take` as they arrive until it returns false; later bytes wait for the next call.
    /// - Returns: whether the answer is complete.
    package func drain(_ take: @escaping @Sendable ([UInt8]) -> Bool) async throws(EngineClientError) -> Bool {
        do throws(UpstreamError) {
            return try await self.response.drain(take)
        } catch {
            throw EngineClientError(error, silenceSeconds: self.silenceSeconds)
        }
    }

    /// Buffers the rest of the body.
    package func gather(bytesMax: Int) async throws(EngineClientError) -> [UInt8] {
        do throws(UpstreamError) {
            return try await self.response.gather(bytesMax: bytesMax)
        } catch {
            throw EngineClientError(error, silenceSeconds: self.silenceSeconds)
        }
    }

    /// Closes the connection, whether the answer is complete or not. Call it when the answer is no longer read: this is
    /// what stops the engine.
    package func close() { self.response.close() }
}

extension EngineClientError {
    init(_ error: UpstreamError, silenceSeconds: Int) {
        switch error.reason {
        case .unreachable(let text), .untrusted(let text): self = .unreachable(text)
        case .cutOff: self = .cutOff
        case .firstByteTimedOut, .idleTimedOut, .totalTimedOut: self = .silent(seconds: silenceSeconds)
        case .malformed(let text), .badRequest(let text): self = .malformed(text)
        case .tooLarge(let bytesMax): self = .malformed("the answer is longer than \(bytesMax) bytes")
        case .cancelled: self = .cancelled
        }
    }
}
