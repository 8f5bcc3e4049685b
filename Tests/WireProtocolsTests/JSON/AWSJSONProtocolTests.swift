import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct AWSJSONProtocolTests {
    private static let exchange = Exchange(requestID: RequestID("ID"))
    private static let conditionFailed = JSONTestSchemas.structure(
        "ConditionalCheckFailedException",
        ["message": JSONTestSchemas.string, "Item": JSONTestSchemas.map(JSONTestSchemas.string)])
    private static let operation = OperationSchema(
        name: "PutItem", input: JSONTestSchemas.everything, output: JSONTestSchemas.everything,
        errors: [conditionFailed])

    private static func body(_ message: ResponseMessage) -> String { String(decoding: message.body, as: UTF8.self) }

    @Test(arguments: [
        (
            "ConditionalCheckFailedException", "The conditional request failed",
            #"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}"#
        ),
        (
            "SerializationException", "Start of structure or map found where not expected",
            #"{"__type":"com.amazon.coral.service#SerializationException","Message":"Start of structure or map found where not expected"}"#
        ),
        (
            "ValidationException", "no",
            #"{"__type":"com.amazon.coral.validate#ValidationException","message":"no"}"#
        ),
        ("UnknownOperationException", "", #"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#),
    ])
    func `errors carry the namespace and the casing that DynamoDB gives them`(
        _ code: String, _ message: String, _ expected: String
    ) {
        let response = AWSJSONProtocol(.awsJson1_0).response(
            error: ServiceError(code: code, message: message), for: Self.operation, in: JSONTestSchemas.service(),
            exchange: Self.exchange)
        #expect(Self.body(response) == expected)
        #expect(response.headers.first("Content-Type") == "application/x-amz-json-1.0")
        #expect(response.headers.first("x-amzn-requestid") == "ID")
    }

    @Test func `awsJson1_1 errors bear the bare code`() {
        let response = AWSJSONProtocol(.awsJson1_1).response(
            error: ServiceError(code: "SerializationException", message: ""), for: nil, in: nil, exchange: Self.exchange
        )
        #expect(Self.body(response) == #"{"__type":"SerializationException"}"#)
    }

    @Test func `modelled members follow the type, and a message is not written twice`() {
        let detail = DynamicShape(own: Self.conditionFailed, value: .structure(["Item": .map(["a": .string("b")])]))
        let service = JSONTestSchemas.service()
        let response = AWSJSONProtocol(.awsJson1_0).response(
            error: ServiceError(code: "ConditionalCheckFailedException", message: "m", detail: detail),
            for: Self.operation, in: service, exchange: Self.exchange)
        let type = #""__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException""#
        #expect(Self.body(response) == "{\(type),\"Item\":{\"a\":\"b\"},\"message\":\"m\"}")
        let own = DynamicShape(own: Self.conditionFailed, value: .structure(["message": .string("own")]))
        let other = AWSJSONProtocol(.awsJson1_0).response(
            error: ServiceError(code: "ConditionalCheckFailedException", message: "m", detail: own),
            for: Self.operation, in: service, exchange: Self.exchange)
        #expect(Self.body(other) == "{\(type),\"message\":\"own\"}")
    }

    @Test func `DynamoDB's answers carry the checksum of their body, no other service's do`() {
        let output = DynamicShape(own: JSONTestSchemas.everything, value: .structure(["string": .string("x")]))
        let wire = AWSJSONProtocol(.awsJson1_0)
        let response = wire.response(
            output: output, for: Self.operation, in: JSONTestSchemas.service(), exchange: Self.exchange)
        #expect(response.headers.first("x-amz-crc32") == String(CRC32.checksum(response.body)))
        let other = wire.response(
            output: output, for: Self.operation, in: JSONTestSchemas.service(id: "sqs", signingName: "sqs"),
            exchange: Self.exchange)
        #expect(!other.headers.contains("x-amz-crc32"))
    }

    @Test(arguments: [(400, "Sender"), (500, "Receiver")])
    func `clients in query mode are told the query code`(_ status: Int, _ fault: String) {
        let error = ServiceError(code: "QueueDoesNotExist", status: status, message: "m", queryCode: "NonExistentQueue")
        let wire = AWSJSONProtocol(.awsJson1_0)
        let service = JSONTestSchemas.service(id: "sqs", signingName: "sqs", isQueryCompatible: true)
        let head = RequestHead(method: "POST", path: "/", headers: ["X-Amzn-Query-Mode": "true"])
        let response = wire.response(
            error: error, for: nil, in: service, exchange: Exchange(requestID: RequestID("ID"), headers: head.headers))
        #expect(response.headers.first("x-amzn-query-error") == "NonExistentQueue;\(fault)")
        let plain = wire.response(error: error, for: nil, in: service, exchange: Self.exchange)
        #expect(!plain.headers.contains("x-amzn-query-error"))
    }

    @Test(arguments: [
        (
            #"{"string":1}"#, "NUMBER_VALUE cannot be converted to String",
            "NUMBER_VALUE can not be converted to a String"
        ),
        (
            #"{"integer":"1"}"#, "STRING_VALUE cannot be converted to Integer",
            "STRING_VALUE can not be converted to an Integer"
        ),
        (
            #"{"string":{}}"#, "Start of structure or map found where not expected",
            "Start of structure or map found where not expected."
        ),
        (
            #"{"string":[]}"#, "Unrecognized collection type class java.lang.String",
            "Start of list found where not expected"
        ),
        (#"{"list":"a"}"#, "Unexpected field type", "Expected list or null"),
        (#"{"map":1}"#, "Unexpected field type", "Expected map or null"),
        (#"{"union":1}"#, "Unexpected field type", "Expected null"),
        (
            #"{"blob":1}"#, "only base-64-encoded strings are convertible to bytes",
            "NUMBER_VALUE can not be converted to a ByteBuffer"
        ),
        (#"{"string":"#, "", ""),
    ])
    func `values of the wrong kind are worded as AWS words them`(
        _ text: String, _ recent: String, _ classic: String
    ) throws {
        let wire = AWSJSONProtocol(.awsJson1_0)
        let services = [
            (JSONTestSchemas.service(), recent), (JSONTestSchemas.service(id: "logs", signingName: "logs"), classic),
        ]
        for (service, expected) in services {
            let error = #expect(throws: ShapeError.self) { try JSONReaderTests.read(text) }
            let answer = wire.serviceError(for: try #require(error), in: service)
            #expect(answer.code == "SerializationException")
            #expect(answer.status == 400)
            #expect(answer.message == expected)
        }
    }

    @Test func `an empty body is an input only where the operation takes none`() throws {
        let wire = AWSJSONProtocol(.awsJson1_0)
        let service = JSONTestSchemas.service()
        let request = InboundRequest(head: RequestHead(method: "POST", path: "/"))
        let unit = OperationSchema(
            name: "DescribeEndpoints", input: JSONTestSchemas.structure("Input", [:]),
            output: JSONTestSchemas.everything)
        let empty = try wire.reader(for: unit, in: service, request: request)
        try empty.beginStructure(unit.input)
        #expect(try empty.nextMember(unit.input) == nil)
        let reader = try wire.reader(for: Self.operation, in: service, request: request)
        #expect(throws: ShapeError.self) { try reader.beginStructure(JSONTestSchemas.everything) }
    }
}
