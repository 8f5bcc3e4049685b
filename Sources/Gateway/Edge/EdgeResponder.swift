package import Primitives

/// What answers the requests that the edge has accepted: the pipeline above the network.
///
/// The edge calls `plan` once per request, on the connection's event loop, as soon as the head is complete and lawful.
/// Requests of one HTTP/1.1 connection are taken strictly one after another; those of HTTP/2 run side by side.
package protocol EdgeResponder: Sendable {
    /// Decides from the head alone what happens with the body and who answers.
    ///
    /// Called on the event loop: it must not block. State found here travels to the answer in the closure of the plan.
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
/// client disconnects; its answer is then dropped.
package enum RequestPlan: Sendable {
    /// Answer now, without the body. A short body is read and dropped, so that the connection lives on.
    case reply(EdgeResponse)
    /// Gather the whole body, at most `limitBytes`, then answer. A longer body is refused with
    /// `EdgeRefusal.bodyTooLarge` without being read.
    case collect(limitBytes: Int, respond: @Sendable (_ body: [UInt8]) async -> EdgeResponse)
    /// Answer while the body arrives. What the answer leaves unread is dropped.
    case stream(respond: @Sendable (_ body: RequestBodyStream) async -> EdgeResponse)
}

/// Where a request comes from. One value per connection.
package final class ConnectionInfo: Sendable {
    /// The protocol of a connection.
    package enum Version: String, Sendable, Hashable {
        case http1 = "HTTP/1.1"
        case http2 = "HTTP/2"
    }

    /// Counts accepted connections from 1 within this process.
    package let id: UInt64
    /// The peer's numeric address, such as `127.0.0.1` or `::1`.
    package let remoteAddress: String
    package let remotePort: Int
    package let isTLS: Bool
    package let version: Version
    /// Whether the peer is on this machine.
    package let isLoopback: Bool
    /// What each of its requests says of it in the log.
    let words: ConnectionWords

    package init(
        id: UInt64, remoteAddress: String, remotePort: Int, isTLS: Bool, version: Version, isLoopback: Bool
    ) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.remotePort = remotePort
        self.isTLS = isTLS
        self.version = version
        self.isLoopback = isLoopback
        self.words = ConnectionWords(client: remoteAddress, version, isTLS: isTLS)
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
    /// 0-based; below the listener's loop count. An index into state that is kept once per loop.
    package let index: Int
    /// Runs tasks on this loop. Already the preference of the task that a plan's closure runs in.
    package let executor: EventLoopTaskExecutor

    package init(index: Int, executor: EventLoopTaskExecutor) {
        self.index = index
        self.executor = executor
    }
}
