import Primitives
import ServiceModel
import Testing
import WireProtocols

/// Smithy's event-stream cases. All of them are run from the server's side in the direction that they have, whichever
/// side they are meant for: a message that a client must read is one that a server must write.
@Suite struct EventStreamCaseTests {
    struct Case: Sendable, CustomStringConvertible {
        let description: String
        let content: CaseJSON
    }

    private static let file = CaseFile.smithy.first { $0.content["eventStreamCases"] != nil }
    private static let model = Self.file.map(SmithyModel.init)
    static let cases = (Self.file?.content["eventStreamCases"]?.array ?? []).map {
        Case(description: $0["id"]?.string ?? "?", content: $0)
    }

    /// Cases that a server can do nothing about.
    private static let exceptions = [
        "DuplexUnmodeledProtocolError": "an answer that no server of the protocol gives",
        "UnmodeledProtocolError": "an answer that no server of the protocol gives",
    ]

    @Test(.enabled(if: Self.file != nil, "the cases are not in this checkout"))
    func `no case is forgotten`() {
        #expect(Self.cases.count == 100)
    }

    @Test(arguments: Self.cases)
    func `messages are read and written as the case says`(_ item: Case) throws {
        guard Self.exceptions[item.description] == nil else { return }
        let model = try #require(Self.model)
        let operation = try #require(model.operation(item.content["operation"]?.string ?? ""))
        if item.content["initialRequest"] != nil {
            try self.checkInitialRequest(item.content, operation, model)
        } else if let response = item.content["initialResponse"] {
            try self.checkInitialResponse(item.content, response, operation, model)
        } else if item.description.contains("MissingRequiredInitialRe") {
            try self.checkMissingInitialMember(item.content, operation, model)
        } else {
            let events = item.content["events"]?.array ?? []
            #expect(!events.isEmpty)
            for event in events {
                try self.checkEvent(event, isFailure: item.content["expectation"]?["failure"] != nil, operation)
            }
        }
    }

    private static func stream(_ schema: ShapeSchema) -> ShapeSchema? {
        schema.members.first { $0.target.traits.isEventStream }?.target
    }

    private func checkEvent(_ event: CaseJSON, isFailure: Bool, _ operation: OperationSchema) throws {
        let isRequest = event["type"]?.string == "request"
        let stream = try #require(Self.stream(isRequest ? operation.input : operation.output))
        let codec = EventStreamCodec(stream: stream, format: RestJSONProtocol().bodyFormat)
        let bytes = try #require(Base64.decode(Array((event["bytes"]?.string ?? "").utf8)))
        var decoder = EventStreamDecoder()
        decoder.append(bytes)
        let message = try #require(try decoder.next())
        #expect(try message.encode() == bytes)
        guard case .event(let wire, let isException)? = try? codec.inbound(message) else {
            #expect(isFailure, "\(message)")
            return
        }
        let value = try DynamicValue.readStructure(ShapeReader(wire), stream)
        try wire.finish()
        let expected = DynamicValue.parse(event["params"] ?? .object([:]), stream)
        #expect(value == expected)
        #expect(!isFailure || isException)
        let written = codec.message(event: DynamicShape(own: stream, value: value))
        #expect(Set(written.headers) == Set(message.headers))
        #expect(written.payload == message.payload)
    }

    private func checkInitialRequest(_ item: CaseJSON, _ operation: OperationSchema, _ model: SmithyModel) throws {
        let request = try #require(item["initialRequest"])
        var headers = HeaderFields()
        for (name, value) in request["headers"]?.strings ?? [:] { headers.append(name, value) }
        let head = RequestHead(
            method: request["method"]?.string ?? "", target: request["uri"]?.string ?? "", headers: headers)
        let (value, violations) = try ConformanceRunner.read(
            RestJSONProtocol(), operation, model.service, InboundRequest(head: head))
        #expect(violations.isEmpty)
        #expect(value == DynamicValue.parse(item["initialRequestParams"] ?? .null, operation.input))
    }

    /// A request without the member is refused; as a response it is one that our server cannot write.
    private func checkMissingInitialMember(_ item: CaseJSON, _ operation: OperationSchema, _ model: SmithyModel) throws
    {
        guard item["appliesTo"]?.string == "server" else { return }
        let head = RequestHead(method: "POST", path: "/\(operation.name)")
        let (_, violations) = try ConformanceRunner.read(
            RestJSONProtocol(), operation, model.service, InboundRequest(head: head))
        #expect(violations.map(\.demand) == [.notNull])
    }

    private func checkInitialResponse(
        _ item: CaseJSON, _ expected: CaseJSON, _ operation: OperationSchema, _ model: SmithyModel
    ) throws {
        let exchange = Exchange(requestID: RequestID("id"))
        let message: ResponseMessage
        if let id = item["expectation"]?["failure"]?["errorId"]?.string {
            let text = (try? CaseJSON.parse(Array((expected["body"]?.string ?? "").utf8)))?["message"]?.string
            let error = ServiceError(code: id, status: expected["code"]?.int ?? 500, message: text ?? "")
            message = RestJSONProtocol().response(error: error, for: operation, in: model.service, exchange: exchange)
        } else {
            let value = DynamicValue.parse(item["initialResponseParams"] ?? .null, operation.output)
            message = RestJSONProtocol().response(
                output: DynamicShape(own: operation.output, value: value), for: operation, in: model.service,
                exchange: exchange)
        }
        #expect(message.status == expected["code"]?.int)
        for (name, value) in expected["headers"]?.strings ?? [:] {
            #expect(message.headers.first(name) == value)
        }
        if let body = expected["body"]?.string {
            let difference = ConformedProtocols.difference(
                expected["bodyMediaType"]?.string, expected: body, actual: message.body)
            #expect(difference == nil)
        }
    }
}
