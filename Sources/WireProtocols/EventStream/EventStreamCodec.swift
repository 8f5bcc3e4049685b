package import ServiceModel

/// Converts the members of an event-stream union to messages and back; payloads are in the protocol's format.
///
/// - Source: Smithy, "Amazon Event Stream Specification".
package struct EventStreamCodec: Sendable {
    /// The media type of the HTTP body that carries the messages.
    package static let contentType = "application/vnd.amazon.eventstream"

    /// The kind of an inbound message.
    package enum Inbound {
        /// One member of the union; the reader is positioned before the union itself. `isException` if the sender ended
        /// the stream with an error.
        case event(any WireReader, isException: Bool)
        /// RPC protocols send the operation's input as the first message; the reader is positioned before the
        /// structure.
        case initialRequest(any BodyReader)
        /// An error that is not in the model.
        case error(code: String, message: String)
        /// A member that is not in the model: to be ignored.
        case unknown(String)
    }

    private let stream: ShapeSchema
    private let format: any BodyFormat

    /// - Parameters:
    ///   - stream: the union whose members are the events.
    ///   - format: the format of payloads.
    package init(stream: ShapeSchema, format: any BodyFormat) {
        precondition(stream.type == .union, "\(stream.name) is not a union")
        self.stream = stream
        self.format = format
    }

    /// Classifies a message.
    /// - Parameters:
    ///   - message: as the decoder returned it.
    ///   - input: the operation's input, for the initial request of RPC protocols.
    /// - Returns: a reader for the message, or the error that it carries.
    /// - Throws: `malformed` when a mandatory header is missing or has the wrong type.
    package func inbound(_ message: EventMessage, input: ShapeSchema? = nil) throws(ShapeError) -> Inbound {
        switch try Self.required(":message-type", message) {
        case "event":
            let name = try Self.required(":event-type", message)
            if let index = self.stream.members.firstIndex(where: { $0.name == name }) {
                return .event(self.reader(message, index), isException: false)
            }
            if name == "initial-request", let input {
                return .initialRequest(try self.format.makeReader(message.payload, root: .structure(input)))
            }
            return .unknown(name)
        case "exception":
            let name = try Self.required(":exception-type", message)
            guard let index = self.stream.members.firstIndex(where: { $0.name == name }) else {
                return .error(code: name, message: String(decoding: message.payload, as: UTF8.self))
            }
            return .event(self.reader(message, index), isException: true)
        case "error":
            return .error(
                code: try Self.required(":error-code", message), message: message.string(":error-message") ?? "")
        case let type:
            throw .malformed("a message of the unknown type \(type)")
        }
    }

    private static func required(_ name: String, _ message: EventMessage) throws(ShapeError) -> String {
        guard let value = message.string(name) else { throw .malformed("a message without the string header \(name)") }
        return value
    }

    private func reader(_ message: EventMessage, _ index: Int) -> EventReader {
        EventReader(message: message, memberIndex: index, format: self.format)
    }

    /// The message of one event: a value of the union.
    package func message(event: some WritableShape) -> EventMessage {
        let writer = EventWriter(format: self.format)
        event.write(to: writer)
        return writer.takeMessage()
    }

    /// The last message of a stream that failed: an exception if the union has the error as a member, otherwise an
    /// error, whose code and message SDKs report.
    package func message(error: ServiceError) -> EventMessage {
        guard
            let member = self.stream.members.first(where: { $0.target.traits.error != nil && Self.matches($0, error) })
        else {
            return EventMessage(headers: [
                EventMessage.Header(":message-type", .string("error")),
                EventMessage.Header(":error-code", .string(error.code)),
                EventMessage.Header(":error-message", .string(Self.cut(error.message))),
            ])
        }
        let writer = EventWriter(format: self.format)
        writer.exception(member, message: error.message, detail: error.detail)
        return writer.takeMessage()
    }

    private static func matches(_ member: MemberSchema, _ error: ServiceError) -> Bool {
        member.target.name == error.code || member.name == error.code
    }

    /// Truncates a sentence to the length of a header value.
    private static func cut(_ text: String) -> String {
        var text = text
        while text.utf8.count > EventMessage.headerValueBytesMax { text.removeLast() }
        return text
    }

    /// The first message of RPC protocols: the output's members except the stream.
    package func initialResponse(_ output: some WritableShape, schema: ShapeSchema) -> EventMessage {
        let writer = self.format.makeWriter(root: .structure(schema))
        output.write(to: writer)
        return EventMessage(
            headers: [
                EventMessage.Header(":message-type", .string("event")),
                EventMessage.Header(":event-type", .string("initial-response")),
                EventMessage.Header(":content-type", .string(self.format.eventContentType)),
            ],
            payload: writer.takeBytes())
    }
}
