/// How a client keeps its connections, and the limits of answers.
package struct UpstreamOptions: Sendable {
    /// For requests without their own.
    package var timeouts: UpstreamTimeouts
    /// Whether connections are reused. If not, each request has its own, and says so (`Connection: close`).
    package var keepsConnections: Bool
    /// Idle connections for each event loop; surplus ones are closed. Connections in use are as many as the requests,
    /// which `UpstreamPool` bounds.
    package var restingConnectionsMax: Int
    /// The limit, on all loops, of connections that are opened ahead: one whenever the head of an answer has arrived.
    /// For a server that closes its connections after each answer; it has accepted them before they are needed. None
    /// with TLS.
    package var preparedConnectionsMax: Int
    /// How long a connection may be idle. Must be shorter than the server's own timeout, or requests race with its
    /// closing.
    package var restingMax: Duration
    /// The limit of an answer's head, in bytes.
    package var headBytesMax: Int
    /// The limit of an answer's header fields.
    package var headerCountMax: Int
    /// Bytes of a body buffered for the reader; with more, the connection is not read.
    package var waitingBytesMax: Int

    package init(
        timeouts: UpstreamTimeouts = UpstreamTimeouts(), keepsConnections: Bool = true, restingConnectionsMax: Int = 32,
        preparedConnectionsMax: Int = 0, restingMax: Duration = .seconds(30), headBytesMax: Int = 64 << 10,
        headerCountMax: Int = 256,
        waitingBytesMax: Int = 256 << 10
    ) {
        self.timeouts = timeouts
        self.keepsConnections = keepsConnections
        self.restingConnectionsMax = restingConnectionsMax
        self.preparedConnectionsMax = preparedConnectionsMax
        self.restingMax = restingMax
        self.headBytesMax = headBytesMax
        self.headerCountMax = headerCountMax
        self.waitingBytesMax = waitingBytesMax
    }
}
