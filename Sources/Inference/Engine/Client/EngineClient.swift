internal import Primitives
internal import Upstream

/// Asks an engine over HTTP/1.1, each request over a connection of its own: on this machine it costs some tens of
/// microseconds, no request is ever sent into a connection that the engine is closing, and to close it is to cancel.
package struct EngineClient: Sendable {
    /// Longest wait for a connection.
    static let connectSecondsMax = 5
    /// Longest wait for the next byte: a long prompt on a processor takes minutes before its first token.
    package static let silenceSecondsMax = 900
    /// An engine that closes a connection so soon, without a word, was ending when the connection came.
    static let endingBound = Duration.milliseconds(250)
    /// Largest answer that is gathered whole: a prompt of a million tokens, tokenised.
    static let answerBytesMax = 64 << 20
    /// Largest answer that says why there is none.
    static let refusalBytesMax = 1 << 20

    package let endpoint: EngineEndpoint
    private let silenceSeconds: Int
    private let upstream: UpstreamClient

    /// - Throws: where the system's certificates cannot be read and the endpoint asks for TLS.
    package init(
        _ endpoint: EngineEndpoint, silenceSeconds: Int = EngineClient.silenceSecondsMax
    ) throws(EngineClientError) {
        self.endpoint = endpoint
        self.silenceSeconds = silenceSeconds
        let silence = Duration.seconds(silenceSeconds)
        let timeouts = UpstreamTimeouts(
            connect: .seconds(Self.connectSecondsMax), firstByte: silence, idle: silence, total: nil)
        do throws(UpstreamError) {
            self.upstream = try UpstreamClient(
                endpoint.upstream, options: UpstreamOptions(timeouts: timeouts, keepsConnections: false))
        } catch {
            throw .unreachable("TLS is not to be had: \(error.sentence)")
        }
    }

    /// Sends a request and returns when the answer's head is there.
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - path: behind the endpoint's base path.
    ///   - body: JSON; nil sends none.
    /// - Returns: the status; the body follows.
    /// - Throws: where nobody listens, or the connection ends or rests before there is a status.
    package func send(
        _ method: String, _ path: String, body: [UInt8]? = nil
    ) async throws(EngineClientError) -> EngineAnswer {
        var headers: HeaderFields = ["Accept": "*/*"]
        if let key = self.endpoint.apiKey { headers.append("Authorization", "Bearer \(key)") }
        if body != nil { headers.append("Content-Type", "application/json") }
        let request = UpstreamRequest(method, self.endpoint.basePath + path, headers: headers)
        let begun = ContinuousClock.now
        do throws(UpstreamError) {
            return EngineAnswer(try await self.upstream.send(request, body: body), silenceSeconds: self.silenceSeconds)
        } catch {
            // A process that was killed a moment ago may still take connections while it is taken apart.
            if error.reason == .cutOff, begun.duration(to: .now) < Self.endingBound {
                throw .unreachable("the connection was closed at once")
            }
            throw EngineClientError(error, silenceSeconds: self.silenceSeconds)
        }
    }

    /// Sends a request and gathers its answer.
    package func ask(
        _ method: String, _ path: String, body: [UInt8]? = nil
    ) async throws(EngineClientError) -> (status: Int, body: [UInt8]) {
        let answer = try await self.send(method, path, body: body)
        defer { answer.close() }
        return (answer.status, try await answer.gather(bytesMax: Self.answerBytesMax))
    }
}

/// The head of an answer; its body follows.
package struct EngineAnswer: Sendable {
    private let response: UpstreamResponse
    private let silenceSeconds: Int

    init(_ response: UpstreamResponse, silenceSeconds: Int) {
        self.response = response
        self.silenceSeconds = silenceSeconds
    }

    package var status: Int { self.response.status }

    /// Gives the bytes to `take` as they come, until it returns false; what comes then waits for the next call.
    /// - Returns: whether the answer is over.
    package func drain(_ take: @escaping @Sendable ([UInt8]) -> Bool) async throws(EngineClientError) -> Bool {
        do throws(UpstreamError) {
            return try await self.response.drain(take)
        } catch {
            throw EngineClientError(error, silenceSeconds: self.silenceSeconds)
        }
    }

    /// The rest of the body.
    package func gather(bytesMax: Int) async throws(EngineClientError) -> [UInt8] {
        do throws(UpstreamError) {
            return try await self.response.gather(bytesMax: bytesMax)
        } catch {
            throw EngineClientError(error, silenceSeconds: self.silenceSeconds)
        }
    }

    /// Ends the connection, whether the answer is over or not. To be called once nobody reads any more: that is what
    /// tells an engine to stop.
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
