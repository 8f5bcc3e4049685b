/// How a client keeps its connections, and what it takes of an answer.
package struct UpstreamOptions: Sendable {
    /// For requests that bring none of their own.
    package var timeouts: UpstreamTimeouts
    /// Whether a connection serves one request after another. Where not, each request has its own, and says so
    /// (`Connection: close`).
    package var keepsConnections: Bool
    /// Connections that rest, for each event loop; more are closed after their request. Those in use are as many as the
    /// requests: `UpstreamPool` bounds them.
    package var restingConnectionsMax: Int
    /// How long a connection may rest. Less than the other side's own bound, or requests run into its closing.
    package var restingMax: Duration
    /// Bytes of the head of an answer.
    package var headBytesMax: Int
    /// Header fields of an answer.
    package var headerCountMax: Int
    /// Bytes of a body that wait for the reader; with more the connection is not read.
    package var waitingBytesMax: Int

    package init(
        timeouts: UpstreamTimeouts = UpstreamTimeouts(), keepsConnections: Bool = true, restingConnectionsMax: Int = 32,
        restingMax: Duration = .seconds(30), headBytesMax: Int = 64 << 10, headerCountMax: Int = 256,
        waitingBytesMax: Int = 256 << 10
    ) {
        self.timeouts = timeouts
        self.keepsConnections = keepsConnections
        self.restingConnectionsMax = restingConnectionsMax
        self.restingMax = restingMax
        self.headBytesMax = headBytesMax
        self.headerCountMax = headerCountMax
        self.waitingBytesMax = waitingBytesMax
    }
}
