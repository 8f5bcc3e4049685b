import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct RPCv2CBORProtocolTests {
    private static let operation = OperationSchema(
        name: "GetThing", input: EverythingSchema.cbor, output: EverythingSchema.cbor)

    private static let service = ServiceSchema(
        id: "cloudwatch", signingName: "monitoring", endpointPrefix: "monitoring",
        targetPrefix: "GraniteServiceVersion20100801", apiVersion: "2010-08-01", protocols: [.rpcv2Cbor],
        isQueryCompatible: true, operations: [Self.operation], operationNames: ["GetThing"])

    private static func open(_ headers: HeaderFields, _ body: [UInt8] = [0xA0]) throws(ShapeError) {
        let head = RequestHead(method: "POST", path: "/service/S/operation/GetThing", headers: headers)
        _ = try RPCv2CBORProtocol().reader(
            for: Self.operation, in: Self.service, request: InboundRequest(head: head, body: body))
    }

    @Test(arguments: [
        ("/service/S/operation/O", "S", "O"), ("/a/b/service/S/operation/O", "S", "O"),
        ("/service/service/operation/operation", "service", "operation"),
    ])
    func `a path names service and operation`(_ path: String, _ service: String, _ operation: String) throws {
        let target = try #require(RPCv2CBORProtocol.target(path: path))
        #expect(target.service == service)
        #expect(target.operation == operation)
    }

    @Test(arguments: [
        "/", "/service/S/operation/", "/service//operation/O", "/service/S/operation/O/", "/service/S/op/O",
    ])
    func `any other path names none`(_ path: String) {
        #expect(RPCv2CBORProtocol.target(path: path) == nil)
    }

    @Test func `Content-Type and Accept are looked at`() throws {
        try Self.open(["Content-Type": "application/cbor"])
        try Self.open(["Content-Type": "Application/CBOR; charset=x", "Accept": "text/html, */*;q=0.1"])
        try Self.open([:], [])
        #expect(throws: ShapeError.unsupportedMediaType) { try Self.open([:]) }
        #expect(throws: ShapeError.unsupportedMediaType) { try Self.open(["Content-Type": "application/json"]) }
        #expect(throws: ShapeError.notAcceptable) {
            try Self.open(["Content-Type": "application/cbor", "Accept": "application/json"])
        }
    }

    @Test func `an error carries type, message and the query code`() throws {
        let error = ServiceError(
            code: "ResourceNotFoundException", status: 404, message: "None", queryCode: "ResourceNotFound")
        let message = RPCv2CBORProtocol().response(
            error: error, for: Self.operation, in: Self.service, exchange: Exchange(requestID: RequestID("id-1")))
        #expect(message.status == 404)
        #expect(message.headers.first("x-amzn-query-error") == "ResourceNotFound;Sender")
        #expect(message.headers.first("smithy-protocol") == "rpc-v2-cbor")
        #expect(
            CaseCBOR.parse(message.body)?.withoutNamespace
                == .map([
                    "__type": .text("ResourceNotFoundException"), "message": .text("None"),
                ]))
    }
}
