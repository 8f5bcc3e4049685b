package import Primitives

/// Answers the requests that the edge has accepted: the pipeline above the network.
///
/// The edge calls `plan` once for each request, on the connection's event loop, as soon as the head is complete and
/// valid. Requests of one HTTP/1.1 connection are processed strictly one after another; those of HTTP/2 concurrently.
package protocol EdgeResponder: Sendable {
    /// Decides from the head alone what to do with the body and who answers.
    ///
    /// Called on the event loop: must not block. The plan's closure carries whatever was found out here to the answer.
    func plan(_ head: RequestHead, connection: ConnectionInfo, on loop: LoopContext) -> RequestPlan

    /// The answer for a request that never became one, or whose body broke its bounds. The edge closes the connection
    /// after it (HTTP/1.1) or ends the stream (HTTP/2).
    /// - Parameters:
    ///   - refusal: what went wrong.
    ///   - head: the request's head, when it was whole.
    ///   - connection: where it came from.
    ///   - loop: the event loop that it runs on.
    /// - Returns: the answer; its body must be bytes, not a stream.
    func refusal(
        _ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo, on loop: LoopContext
    ) -> EdgeResponse
}

extension EdgeResponder {
    package func refusal(
        _ refusal: EdgeRefusal, head: RequestHead?, connection: ConnectionInfo, on loop: LoopContext
    ) -> EdgeResponse {
        refusal.response
    }
}

/// What to do with a request whose head is known.
///
/// The closures run in a task that starts synchronously on the connection's event loop (`Task.immediate`) and prefers
/// that loop as its executor: until the first real suspension nothing leaves the loop. The task is cancelled when the
/// client disconnects, and its answer is then discarded.
package enum RequestPlan: Sendable {
    /// Answer now, without the body. A short body is read and discarded, so that the connection can be kept.
    case reply(EdgeResponse)
    /// Collect the whole body, at most `limitBytes`, then answer. A longer body is refused with
    /// `EdgeRefusal.bodyTooLarge` without being read.
    case collect(limitBytes: Int, respond: @Sendable (_ body: [UInt8]) async -> EdgeResponse)
    /// Answer while the body arrives. What the closure does not read is discarded.
    case stream(respond: @Sendable (_ body: RequestBodyStream) async -> EdgeResponse)
}

/// The connection of a request. One object for each connection.
package final class ConnectionInfo: Sendable {
    /// The protocol of a connection.
    package enum Version: String, Sendable, Hashable {
        case http1 = "HTTP/1.1"
        case http2 = "HTTP/2"
    }

    /// The number of the connection within this process, from 1.
    package let id: UInt64
    /// The peer's numeric address, such as `127.0.0.1` or `::1`.
    package let remoteAddress: String
    package let remotePort: Int
    package let isTLS: Bool
    package let version: Version
    /// Whether the peer is on this machine.
    package let isLoopback: Bool
    /// The parts of log lines that its requests share.
    let logFields: ConnectionLogFields

    package init(
        id: UInt64, remoteAddress: String, remotePort: Int, isTLS: Bool, version: Version, isLoopback: Bool
    ) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.remotePort = remotePort
        self.isTLS = isTLS
        self.version = version
        self.isLoopback = isLoopback
        self.logFields = ConnectionLogFields(client: remoteAddress, version, isTLS: isTLS)
    }

    /// An address as its owner has it: a socket for both kinds gives one of IPv4 as `::ffff:10.1.2.3`, which no range
    /// of IPv4 in a policy holds.
    package static func plainAddress(_ address: String) -> String {
        let mapped = "::ffff:"
        guard address.hasPrefix(mapped), address.utf8.contains(UInt8(ascii: ".")) else { return address }
        return String(address.dropFirst(mapped.count))
    }
}

/// The event loop that a request runs on.
package struct LoopContext: Sendable {
    /// 0-based and less than the listener's loop count: an index into state that exists once for each loop.
    package let index: Int
    /// Runs tasks on this loop; already the preference of the task that runs a plan's closure.
    package let executor: EventLoopTaskExecutor

    package init(index: Int, executor: EventLoopTaskExecutor) {
        self.index = index
        self.executor = executor
    }
}
