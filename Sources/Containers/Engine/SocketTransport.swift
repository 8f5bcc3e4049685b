internal import Primitives
internal import Upstream

/// Asks an engine through its Unix socket, each request over a connection of its own: to close it ends a stream.
package struct SocketTransport: EngineTransport {
    /// An engine under load takes seconds to make or stop a container; a stop also waits for the container itself.
    private static let silenceSecondsMax = 120

    private let client: UpstreamClient
    private let path: String

    package init(path: String) throws(ContainerEngineError) {
        guard let endpoint = UpstreamEndpoint("unix:\(path)") else {
            throw .unreachable(socket: path, reason: "the path of a socket is at most 103 bytes long")
        }
        do throws(UpstreamError) {
            self.client = try UpstreamClient(endpoint, options: UpstreamOptions(keepsConnections: false))
        } catch {
            throw .unreachable(socket: path, reason: error.sentence)
        }
        self.path = path
    }

    package func send(_ request: EngineRequest) async throws(ContainerEngineError) -> any EngineReply {
        var headers: HeaderFields = [:]
        if request.body != nil { headers.append("Content-Type", request.contentType) }
        let silence = Duration.seconds(Self.silenceSecondsMax)
        let timeouts = UpstreamTimeouts(firstByte: silence, idle: request.isEndless ? nil : silence)
        do throws(UpstreamError) {
            let response = try await self.client.send(
                UpstreamRequest(request.method, request.target, headers: headers, timeouts: timeouts),
                body: request.body)
            return SocketReply(response: response, path: self.path)
        } catch {
            throw Self.told(error, self.path)
        }
    }

    fileprivate static func told(_ error: UpstreamError, _ path: String) -> ContainerEngineError {
        if case .malformed(let reason) = error.reason { return .malformed(reason) }
        return .unreachable(socket: path, reason: error.sentence)
    }
}

private struct SocketReply: EngineReply {
    let response: UpstreamResponse
    let path: String

    var status: Int { self.response.status }

    func header(_ name: String) -> String? { self.response.head.headers.first(name) }

    func next() async throws(ContainerEngineError) -> [UInt8]? {
        do throws(UpstreamError) {
            return try await self.response.next()
        } catch {
            throw SocketTransport.told(error, self.path)
        }
    }

    func close() { self.response.close() }
}
