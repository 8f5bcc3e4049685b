internal import ServiceModel
internal import Synchronization
internal import WireProtocols

/// The events of one answer, each sent as a message of its own.
final class OutboundEvents: Sendable {
    let service: ServiceEntry
    private let output: any StreamedShape
    private let codec: EventStreamCodec
    private let failure = Mutex<String?>(nil)
    private let hasBegun = Atomic(false)

    init(output: any StreamedShape, codec: EventStreamCodec, service: ServiceEntry) {
        self.output = output
        self.codec = codec
        self.service = service
    }

    /// The code of the error that was sent as the last message, if any.
    var errorCode: String? { self.failure.withLock { $0 } }

    /// Sends every event, and a service error as the last one.
    /// - Throws: a service error before the first event, which then becomes the whole answer, with its own status.
    ///   Otherwise when the client has left, or an event is too large for a message; the body is then cut off.
    func send(to writer: ResponseBodyWriter) async throws {
        let codec = self.codec
        do {
            let pieces = writer.sink
            try await self.output.sendEvents(
                EventSender(
                    take: { event in
                        self.hasBegun.store(true, ordering: .relaxed)
                        return try pieces.take(try codec.message(event: event).encode())
                    }, room: pieces.room))
        } catch let error as ServiceError where self.hasBegun.load(ordering: .relaxed) {
            self.failure.withLock { $0 = error.code }
            try await writer.write(try codec.message(error: error).encode())
        }
    }
}
