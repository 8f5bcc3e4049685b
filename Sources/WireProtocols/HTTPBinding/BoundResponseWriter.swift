package import Primitives
package import ServiceModel

/// Writes an output or an error as an HTTP response by the model's bindings: status, headers and body.
package final class BoundResponseWriter: ShapeWriter {
    /// Where the value of the output's current member goes.
    private enum Route {
        case body
        case payload
        case header(String)
        case prefixHeaders(String)
        case statusCode
    }

    private let format: any BodyFormat
    private var status: Int
    private var headers = HeaderFields()
    /// Open structures; the depth of the output is 1.
    private var depth = 0
    private var route = Route.body
    /// The writer of the current member.
    private var sink: any ShapeWriter
    private var body: (any BodyWriter)?
    private var rawPayload: RawPayloadWriter?
    private var text: BoundTextWriter?
    private var contentType: String?

    /// `root` is the root of the body; nil for the output's own structure.
    package init(format: any BodyFormat, status: Int, root: BodyRoot? = nil) {
        self.format = format
        self.status = status
        self.root = root
        self.sink = RawPayloadWriter()
    }

    private let root: BodyRoot?

    /// Called before the body's structure is closed, so that the protocol can add members of its own.
    package var beforeBodyEnd: ((any BodyWriter) -> Void)?

    package func beginStructure(_ schema: ShapeSchema) {
        self.depth += 1
        guard self.depth == 1 else { return self.sink.beginStructure(schema) }
        guard !schema.members.contains(where: { $0.traits.location == .payload }) else { return }
        let body = self.format.makeWriter(root: self.root ?? .structure(schema))
        self.body = body
        self.contentType = self.format.contentType
        self.sink = body
        body.beginStructure(schema)
    }

    package func endStructure() {
        self.depth -= 1
        guard self.depth == 0 else { return self.sink.endStructure() }
        self.closeMember()
        guard self.rawPayload == nil, let body = self.body, self.contentType != nil, !self.isPayload else { return }
        self.beforeBodyEnd?(body)
        body.endStructure()
    }

    /// Whether the body is the value of a single member.
    private var isPayload = false

    package func member(_ member: MemberSchema) {
        guard self.depth == 1 else { return self.sink.member(member) }
        self.closeMember()
        switch member.traits.location {
        case .payload:
            self.route = .payload
            self.beginPayload(member)
        case .header(let name):
            self.route = .header(name)
            self.beginText()
        case .prefixHeaders(let prefix):
            self.route = .prefixHeaders(prefix)
            self.beginText()
        case .statusCode:
            self.route = .statusCode
            self.beginText()
        case .body, .label, .query, .queryParams, .eventHeader, .eventPayload:
            self.route = .body
            guard let body = self.body else { return }
            self.sink = body
            body.member(member)
        }
    }

    private func beginText() {
        let text = BoundTextWriter(timestampFormat: .httpDate, encodesMediaTypes: true)
        self.text = text
        self.sink = text
    }

    private func beginPayload(_ member: MemberSchema) {
        self.isPayload = true
        let mediaType = member.target.traits.mediaType ?? member.traits.mediaType
        switch member.target.type {
        case .blob:
            self.contentType = mediaType ?? "application/octet-stream"
            let raw = RawPayloadWriter()
            self.rawPayload = raw
            self.sink = raw
        case .string, .enumeration:
            self.contentType = mediaType ?? "text/plain"
            let raw = RawPayloadWriter()
            self.rawPayload = raw
            self.sink = raw
        default:
            self.contentType = self.format.contentType
            let body = self.format.makeWriter(root: .payload(member))
            self.body = body
            self.sink = body
        }
    }

    /// Puts the text of the current member into its header or the status.
    private func closeMember() {
        guard let text = self.text else { return }
        self.text = nil
        switch self.route {
        case .header(let name):
            self.headers.set(name, HeaderList.join(text.values, quoting: text.isQuoting && text.isList))
        case .prefixHeaders(let prefix):
            for (key, value) in zip(text.keys, text.values) where !self.headers.contains(prefix + key) {
                self.headers.append(prefix + key, value)
            }
        case .statusCode:
            if let status = text.values.first.flatMap({ Int($0) }), (100...599).contains(status) {
                self.status = status
            }
        case .body, .payload: break
        }
    }

    /// The finished response.
    package func takeResponse() -> ResponseMessage {
        precondition(self.depth == 0, "a response was taken before its end")
        // RFC 9110, 15.3.5: a 204 has no content.
        guard self.status != 204, let contentType = self.contentType else {
            return ResponseMessage(status: self.status, headers: self.headers)
        }
        if !self.headers.contains("Content-Type") { self.headers.append("Content-Type", contentType) }
        let body = self.rawPayload?.bytes ?? self.body?.takeBytes() ?? []
        return ResponseMessage(status: self.status, headers: self.headers, body: body)
    }

    package func beginList(_ member: MemberSchema, count: Int) {
        self.text?.isList = true
        self.sink.beginList(member, count: count)
    }

    package func element(_ member: MemberSchema) { self.sink.element(member) }
    package func endList(_ member: MemberSchema) { self.sink.endList(member) }
    package func beginMap(_ member: MemberSchema, count: Int) { self.sink.beginMap(member, count: count) }
    package func key(_ key: String, _ member: MemberSchema) { self.sink.key(key, member) }
    package func key(_ key: Span<UInt8>, _ member: MemberSchema) { self.sink.key(key, member) }
    package func endMap(_ member: MemberSchema) { self.sink.endMap(member) }
    package func null() { self.sink.null() }
    package func string(_ value: String, _ member: MemberSchema) { self.sink.string(value, member) }
    package func string(_ value: Span<UInt8>, _ member: MemberSchema) { self.sink.string(value, member) }
    package func boolean(_ value: Bool, _ member: MemberSchema) { self.sink.boolean(value, member) }
    package func integer(_ value: Int64, _ member: MemberSchema) { self.sink.integer(value, member) }
    package func double(_ value: Double, _ member: MemberSchema) { self.sink.double(value, member) }
    package func bigNumber(_ value: String, _ member: MemberSchema) { self.sink.bigNumber(value, member) }
    package func timestamp(_ value: Timestamp, _ member: MemberSchema) { self.sink.timestamp(value, member) }
    package func blob(_ value: Span<UInt8>, _ member: MemberSchema) { self.sink.blob(value, member) }
    package func document(_ value: Document, _ member: MemberSchema) { self.sink.document(value, member) }
}
