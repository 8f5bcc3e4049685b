internal import Primitives
internal import ServiceModel

/// Encodes a value of an event-stream union as a message: the event's members go into headers and payload.
final class EventWriter: ShapeWriter {
    /// Where the next value goes.
    private enum Target {
        case nothing
        case header(MemberSchema)
        case payload(MemberSchema)
        case body
    }

    private let format: any BodyFormat
    private var typeHeaders: [EventMessage.Header] = []
    private var contentType: String?
    private var headers: [EventMessage.Header] = []
    private var payload: [UInt8] = []
    /// The writer of the payload, if that is a structure.
    private var body: (any BodyWriter)?
    private var event: ShapeSchema?
    private var target = Target.nothing
    /// Open structures: the union is the first, the event the second.
    private var depth = 0

    init(format: any BodyFormat) {
        self.format = format
    }

    func takeMessage() -> EventMessage {
        precondition(self.depth == 0, "an event was taken before its end")
        var headers = self.typeHeaders
        if let contentType = self.contentType {
            headers.append(EventMessage.Header(":content-type", .string(contentType)))
        }
        return EventMessage(headers: headers + self.headers, payload: self.payload)
    }

    /// Writes a modelled error that ends the stream; `detail` has its members except the message.
    func exception(_ member: MemberSchema, message: String, detail: (any WritableShape)?) {
        self.depth = 1
        self.announce(member)
        self.beginStructure(member.target)
        let text = member.target.members.first(where: ErrorDetailWriter.isMessage)
        if let text, !message.isEmpty {
            self.member(text)
            self.string(message, text)
        }
        if let detail {
            detail.write(to: ErrorDetailWriter(self, keepsStructure: false, dropsMessage: !message.isEmpty))
        }
        self.endStructure()
        self.depth = 0
    }

    private func announce(_ member: MemberSchema) {
        let isException = member.target.traits.error != nil
        self.typeHeaders = [
            EventMessage.Header(":message-type", .string(isException ? "exception" : "event")),
            EventMessage.Header(isException ? ":exception-type" : ":event-type", .string(member.name)),
        ]
    }

    func beginStructure(_ schema: ShapeSchema) {
        self.depth += 1
        switch self.depth {
        case 1: break
        case 2: self.event = schema
        default:
            if case .payload(let member) = self.target, self.body == nil {
                self.body = self.format.makeWriter(root: .payload(member))
                self.contentType = self.format.eventContentType
            }
            self.body?.beginStructure(schema)
        }
    }

    func member(_ member: MemberSchema) {
        switch self.depth {
        case 1:
            self.announce(member)
        case 2:
            switch member.traits.location {
            case .eventHeader: self.target = .header(member)
            case .eventPayload: self.target = .payload(member)
            default:
                self.target = .body
                self.openBody()
                self.body?.member(member)
            }
        default:
            self.body?.member(member)
        }
    }

    /// Begins the payload, which contains the members without a binding of their own.
    private func openBody() {
        guard self.body == nil, let event = self.event else { return }
        let body = self.format.makeWriter(root: .structure(event))
        body.beginStructure(event)
        self.body = body
        self.contentType = self.format.eventContentType
    }

    func endStructure() {
        self.depth -= 1
        switch self.depth {
        case 0: break
        case 1: self.endEvent()
        default: self.body?.endStructure()
        }
    }

    private func endEvent() {
        guard let event = self.event else { return }
        let hasBodyMembers = event.members.contains {
            $0.traits.location != .eventHeader && $0.traits.location != .eventPayload
        }
        if hasBodyMembers {
            self.openBody()
            self.body?.endStructure()
        }
        if let body = self.body { self.payload = body.takeBytes() }
        self.event = nil
    }

    func beginList(_ member: MemberSchema, count: Int) { self.body?.beginList(member, count: count) }
    func element(_ member: MemberSchema) { self.body?.element(member) }
    func endList(_ member: MemberSchema) { self.body?.endList(member) }
    func beginMap(_ member: MemberSchema, count: Int) { self.body?.beginMap(member, count: count) }
    func key(_ key: String, _ member: MemberSchema) { self.body?.key(key, member) }
    func key(_ key: Span<UInt8>, _ member: MemberSchema) { self.body?.key(key, member) }
    func endMap(_ member: MemberSchema) { self.body?.endMap(member) }
    func null() { self.body?.null() }

    func string(_ value: String, _ member: MemberSchema) {
        if !self.place(.string(value), Array(value.utf8), "text/plain") { self.body?.string(value, member) }
    }

    func string(_ value: Span<UInt8>, _ member: MemberSchema) {
        var bytes: [UInt8] = []
        unsafe value.withUnsafeBufferPointer { buffer in
            unsafe bytes.append(contentsOf: buffer)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if !self.place(.string(text), bytes, "text/plain") { self.body?.string(value, member) }
    }

    func blob(_ value: Span<UInt8>, _ member: MemberSchema) {
        if case .body = self.target {
            self.body?.blob(value, member)
            return
        }
        var bytes: [UInt8] = []
        unsafe value.withUnsafeBufferPointer { buffer in
            unsafe bytes.append(contentsOf: buffer)
        }
        if !self.place(.bytes(bytes), bytes, "application/octet-stream") { self.body?.blob(value, member) }
    }

    /// Writes a scalar member of the event into a header or the payload; false if it belongs into the body.
    private func place(_ header: EventMessage.HeaderValue, _ payload: [UInt8], _ contentType: String) -> Bool {
        guard self.depth == 2 else { return false }
        switch self.target {
        case .header(let member):
            self.headers.append(EventMessage.Header(member.name, header))
        case .payload:
            self.payload = payload
            self.contentType = contentType
        case .body, .nothing:
            return false
        }
        return true
    }

    func boolean(_ value: Bool, _ member: MemberSchema) {
        if !self.place(.boolean(value)) { self.body?.boolean(value, member) }
    }

    func integer(_ value: Int64, _ member: MemberSchema) {
        let header: EventMessage.HeaderValue =
            switch member.target.type {
            case .byte: .byte(Int8(truncatingIfNeeded: value))
            case .short: .short(Int16(truncatingIfNeeded: value))
            case .integer, .intEnumeration: .integer(Int32(truncatingIfNeeded: value))
            default: .long(value)
            }
        if !self.place(header) { self.body?.integer(value, member) }
    }

    func timestamp(_ value: Timestamp, _ member: MemberSchema) {
        if !self.place(.timestamp(value.millisecondsSinceEpoch)) { self.body?.timestamp(value, member) }
    }

    /// Writes a value into the current header; false if the member is not a header.
    private func place(_ value: EventMessage.HeaderValue) -> Bool {
        guard self.depth == 2, case .header(let member) = self.target else { return false }
        self.headers.append(EventMessage.Header(member.name, value))
        return true
    }

    func double(_ value: Double, _ member: MemberSchema) { self.body?.double(value, member) }
    func bigNumber(_ value: String, _ member: MemberSchema) { self.body?.bigNumber(value, member) }
    func document(_ value: Document, _ member: MemberSchema) { self.body?.document(value, member) }
}
