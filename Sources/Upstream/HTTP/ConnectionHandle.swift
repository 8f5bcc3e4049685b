internal import NIOCore

/// A reference to a connection that may be used on any thread.
struct ConnectionHandle: Sendable {
    private let connection: NIOLoopBound<UpstreamConnection>
    private let channel: any Channel
    /// The identity of the connection.
    let id: ObjectIdentifier

    /// Must be called on the connection's event loop.
    init(_ connection: UpstreamConnection, _ channel: any Channel) {
        self.connection = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        self.channel = channel
        self.id = ObjectIdentifier(connection)
    }

    var loop: any EventLoop { self.channel.eventLoop }

    var isActive: Bool { self.channel.isActive }

    func close() { self.channel.close(promise: nil) }

    /// Stores a new connection on the shelf. Must be called on the connection's event loop.
    func shelve() { self.connection.value.shelve() }

    /// Immediate on the connection's event loop, asynchronous elsewhere.
    func submit(_ command: UpstreamCommand) {
        guard !self.loop.inEventLoop else { return self.connection.value.submit(command) }
        self.loop.execute { self.connection.value.submit(command) }
    }

    /// The reader of the answer has room for more.
    func readOn() {
        guard !self.loop.inEventLoop else { return self.connection.value.readOn() }
        self.loop.execute { self.connection.value.readOn() }
    }
}
