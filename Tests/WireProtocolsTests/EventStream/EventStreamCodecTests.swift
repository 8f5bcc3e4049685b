import Primitives
import ServiceModel
import TestSupport
import Testing
import WireProtocols

/// What the cases do not say: other notations, errors that end a stream, initial messages of RPC protocols.
@Suite struct EventStreamCodecTests {
    private static let string = ShapeSchema(name: "String", type: .string)

    private static let throttled: ShapeSchema = {
        var traits = ShapeTraits()
        traits.error = ErrorTrait(status: 429, isServerFault: false)
        let schema = ShapeSchema(name: "ThrottlingException", type: .structure, traits: traits)
        schema.define(members: [
            MemberSchema(name: "message", target: Self.string), MemberSchema(name: "reason", target: Self.string),
        ])
        return schema
    }()

    private static let stream: ShapeSchema = {
        var header = MemberTraits()
        header.location = .eventHeader
        let event = ShapeSchema(name: "Delta", type: .structure)
        event.define(members: [
            MemberSchema(name: "index", target: ShapeSchema(name: "Integer", type: .integer), traits: header),
            MemberSchema(name: "text", target: Self.string),
            MemberSchema(name: "nested", target: EverythingSchema.plain),
        ])
        let empty = ShapeSchema(name: "Stop", type: .structure)
        empty.define(members: [])
        var traits = ShapeTraits()
        traits.isEventStream = true
        let union = ShapeSchema(name: "Stream", type: .union, traits: traits)
        union.define(members: [
            MemberSchema(name: "delta", target: event), MemberSchema(name: "stop", target: empty),
            MemberSchema(name: "throttlingException", target: Self.throttled),
        ])
        return union
    }()

    /// A notation of payloads.
    struct Notation: Sendable, CustomStringConvertible {
        let description: String
        let format: any BodyFormat
    }

    static let notations = [
        Notation(description: "restJson1", format: RestJSONProtocol().bodyFormat),
        Notation(description: "awsJson1_1", format: AWSJSONProtocol(.awsJson1_1).bodyFormat),
        Notation(description: "rpcv2Cbor", format: RPCv2CBORProtocol().bodyFormat),
        Notation(description: "restXml", format: RestXMLProtocol().bodyFormat),
    ]

    private static func read(_ inbound: EventStreamCodec.Inbound) throws -> DynamicValue? {
        guard case .event(let wire, _) = inbound else { return nil }
        let value = try DynamicValue.readStructure(ShapeReader(wire), Self.stream)
        try wire.finish()
        return value
    }

    @Test(arguments: Self.notations)
    func `events of every notation come back`(_ notation: Notation) throws {
        let seed = SeededRandomSource.testSeed(131)
        let source = SeededRandomSource(seed: seed)
        let codec = EventStreamCodec(stream: Self.stream, format: notation.format)
        for round in 0..<100 {
            let value = DynamicValue.structure([
                "delta": .structure([
                    "index": .integer(Int64(round)), "text": .string("t\(round)"),
                    "nested": DynamicValue.random(EverythingSchema.plain, source),
                ])
            ])
            let message = codec.message(event: DynamicShape(own: Self.stream, value: value))
            #expect(message.string(":content-type") == notation.format.eventContentType)
            #expect(try Self.read(codec.inbound(message)) == value, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: Self.notations)
    func `an event without members has no payload`(_ notation: Notation) throws {
        let codec = EventStreamCodec(stream: Self.stream, format: notation.format)
        let value = DynamicValue.structure(["stop": .structure([:])])
        let message = codec.message(event: DynamicShape(own: Self.stream, value: value))
        #expect(message.payload.isEmpty)
        #expect(message.headers.map(\.name) == [":message-type", ":event-type"])
        #expect(try Self.read(codec.inbound(message)) == value)
    }

    @Test func `a modelled error is an exception with its members`() throws {
        let codec = EventStreamCodec(stream: Self.stream, format: RestJSONProtocol().bodyFormat)
        let detail = DynamicShape(
            own: Self.throttled, value: .structure(["message": .string("other"), "reason": .string("r")]))
        let error = ServiceError(code: "ThrottlingException", status: 429, message: "Slow down", detail: detail)
        let message = codec.message(error: error)
        #expect(message.string(":message-type") == "exception")
        #expect(message.string(":exception-type") == "throttlingException")
        #expect(message.string(":content-type") == "application/json")
        #expect(String(decoding: message.payload, as: UTF8.self) == #"{"message":"Slow down","reason":"r"}"#)
        guard case .event(_, let isException) = try codec.inbound(message) else {
            Issue.record("no event")
            return
        }
        #expect(isException)
    }

    @Test func `another error is an error message, cut to what a header takes`() throws {
        let codec = EventStreamCodec(stream: Self.stream, format: RestJSONProtocol().bodyFormat)
        let text = String(repeating: "é", count: 20_000)
        let message = codec.message(error: ServiceError(code: "InternalFailure", status: 500, message: text))
        #expect(message.string(":message-type") == "error")
        #expect(message.string(":error-code") == "InternalFailure")
        #expect(message.string(":error-message")?.utf8.count == 32_766)
        _ = try message.encode()
        guard case .error(let code, _) = try codec.inbound(message) else {
            Issue.record("no error")
            return
        }
        #expect(code == "InternalFailure")
    }

    @Test func `initial messages carry input and output of RPC protocols`() throws {
        let format = RPCv2CBORProtocol().bodyFormat
        let codec = EventStreamCodec(stream: Self.stream, format: format)
        let value = DynamicValue.structure(["text": .string("a")])
        let response = codec.initialResponse(
            DynamicShape(own: EverythingSchema.plain, value: value), schema: EverythingSchema.plain)
        #expect(response.string(":event-type") == "initial-response")
        #expect(response.string(":content-type") == "application/cbor")
        var request = response
        request.headers[1].value = .string("initial-request")
        guard case .initialRequest(let reader) = try codec.inbound(request, input: EverythingSchema.plain) else {
            Issue.record("no initial request")
            return
        }
        #expect(try DynamicValue.readStructure(ShapeReader(reader), EverythingSchema.plain) == value)
    }

    @Test func `an event that the model does not know is passed over`() throws {
        let codec = EventStreamCodec(stream: Self.stream, format: RestJSONProtocol().bodyFormat)
        let message = EventMessage(headers: [
            EventMessage.Header(":message-type", .string("event")), EventMessage.Header(":event-type", .string("new")),
        ])
        guard case .unknown("new") = try codec.inbound(message) else {
            Issue.record("not passed over")
            return
        }
    }

    @Test func `a header of another type is refused`() throws {
        let codec = EventStreamCodec(stream: Self.stream, format: RestJSONProtocol().bodyFormat)
        let message = EventMessage(headers: [
            EventMessage.Header(":message-type", .string("event")),
            EventMessage.Header(":event-type", .string("delta")),
            EventMessage.Header("index", .string("1")),
        ])
        #expect(throws: ShapeError.typeMismatch(found: .string, expected: .integer, member: "index")) {
            try Self.read(codec.inbound(message))
        }
    }
}
