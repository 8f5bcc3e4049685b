package import ServiceModel

/// Turns the members of an event-stream union into messages and back, in the notation of the protocol.
///
/// - Source: Smithy, "Amazon Event Stream Specification".
package struct EventStreamCodec: Sendable {
    /// The media type of the HTTP body that carries the messages.
    package static let contentType = "application/vnd.amazon.eventstream"

    /// What a message is.
    package enum Inbound {
        /// One member of the union: the reader stands before the union itself. `isException` where its sender gave up.
        case event(any WireReader, isException: Bool)
        /// RPC protocols send the operation's input as the first message; the reader stands before the structure.
        case initialRequest(any BodyReader)
        /// An error that the model does not know.
        case error(code: String, message: String)
        /// A member that the model does not know: to be passed over.
        case unknown(String)
    }

    private let stream: ShapeSchema
    private let format: any BodyFormat

    /// - Parameters:
    ///   - stream: the union whose members are the events.
    ///   - format: the notation of payloads.
    package init(stream: ShapeSchema, format: any BodyFormat) {
        precondition(stream.type == .union, "\(stream.name) is not a union")
        self.stream = stream
        self.format = format
    }

    /// Tells what a message is.
    /// - Parameters:
    ///   - message: as it came out of the decoder.
    ///   - input: the operation's input, for the initial request of RPC protocols.
    /// - Returns: what to read, or what went wrong.
    /// - Throws: `malformed` when the headers that every message has are missing or of the wrong type.
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

    /// The last message of a stream that failed: as an exception where the union has the error, else as an error that
    /// SDKs hand over with code and sentence.
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

    /// As much of a sentence as a header takes.
    private static func cut(_ text: String) -> String {
        var text = text
        while text.utf8.count > EventMessage.headerValueBytesMax { text.removeLast() }
        return text
    }

    /// The first message of RPC protocols: the members of the output beside the stream.
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
