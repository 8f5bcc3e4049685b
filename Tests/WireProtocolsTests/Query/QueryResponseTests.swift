import Primitives
import ServiceModel
import Testing
import WireProtocols

/// Answers of the XML protocols, byte by byte as AWS frames them.
@Suite struct QueryResponseTests {
    private static let string = ShapeSchema(name: "String", type: .string)

    private static let output: ShapeSchema = {
        let schema = ShapeSchema(name: "GetThingResponse", type: .structure)
        schema.define(members: [MemberSchema(name: "Arn", target: Self.string)])
        return schema
    }()

    private static let failure: ShapeSchema = {
        var traits = ShapeTraits()
        traits.error = ErrorTrait(status: 404, isServerFault: false, queryCode: "NoSuchThing")
        let schema = ShapeSchema(name: "NoSuchThingException", type: .structure, traits: traits)
        schema.define(members: [
            MemberSchema(name: "message", target: Self.string), MemberSchema(name: "Thing", target: Self.string),
        ])
        return schema
    }()

    private static let operation = OperationSchema(
        name: "GetThing", input: Self.output, output: Self.output, errors: [Self.failure],
        resultWrapper: "GetThingResult")

    private static func service(_ prefix: String) -> ServiceSchema {
        ServiceSchema(
            id: prefix, signingName: prefix, endpointPrefix: prefix, targetPrefix: nil, apiVersion: "2011-06-15",
            protocols: [.awsQuery], xmlNamespace: XMLNamespace(uri: "https://\(prefix).amazonaws.com/doc/2011-06-15/"),
            operations: [Self.operation], operationNames: ["GetThing"])
    }

    private static let exchange = Exchange(requestID: RequestID("id-1"))
    private static let value = DynamicShape(own: Self.output, value: .structure(["Arn": .string("arn:<&>")]))
    private static let error = ServiceError(
        code: "NoSuchThingException", status: 404, message: "No <thing>",
        detail: DynamicShape(own: Self.failure, value: .structure(["message": .string("x"), "Thing": .string("t")])))

    private static func success(_ wire: any ServerProtocol, _ prefix: String) -> String {
        let message = wire.response(
            output: Self.value, for: Self.operation, in: Self.service(prefix), exchange: Self.exchange)
        return String(decoding: message.body, as: UTF8.self)
    }

    private static func failure(_ wire: any ServerProtocol, _ prefix: String) -> String {
        let message = wire.response(
            error: Self.error, for: Self.operation, in: Self.service(prefix), exchange: Self.exchange)
        #expect(message.status == 404)
        return String(decoding: message.body, as: UTF8.self)
    }

    @Test func `awsQuery wraps result and request id`() {
        #expect(
            Self.success(AWSQueryProtocol(), "sts") == """
                <GetThingResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\
                <GetThingResult><Arn>arn:&lt;&amp;&gt;</Arn></GetThingResult>\
                <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetThingResponse>
                """)
    }

    @Test func `awsQuery errors carry the query code, the message once and the other members`() {
        #expect(
            Self.failure(AWSQueryProtocol(), "sts") == """
                <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
                <Code>NoSuchThing</Code><Message>No &lt;thing&gt;</Message><Thing>t</Thing></Error>\
                <RequestId>id-1</RequestId></ErrorResponse>
                """)
    }

    @Test func `an action that awsQuery does not find is told in the namespace of all services`() {
        let message = AWSQueryProtocol().response(
            error: ServiceError(code: "InvalidAction", status: 400, message: "Could not find it"), for: nil,
            in: Self.service("sts"), exchange: Self.exchange)
        #expect(
            String(decoding: message.body, as: UTF8.self) == """
                <ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"><Error><Type>Sender</Type>\
                <Code>InvalidAction</Code><Message>Could not find it</Message></Error>\
                <RequestId>id-1</RequestId></ErrorResponse>
                """)
    }

    @Test func `an operation without output answers with the request id alone`() {
        let unit = ShapeSchema(name: "Unit", type: .structure)
        unit.define(members: [])
        let operation = OperationSchema(
            name: "DeleteThing", input: Self.output, output: unit, resultWrapper: "DeleteThingResult")
        let message = AWSQueryProtocol().response(
            output: DynamicShape(own: unit, value: .structure([:])), for: operation, in: Self.service("iam"),
            exchange: Self.exchange)
        #expect(
            String(decoding: message.body, as: UTF8.self) == """
                <DeleteThingResponse xmlns="https://iam.amazonaws.com/doc/2011-06-15/">\
                <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DeleteThingResponse>
                """)
    }

    @Test func `ec2Query has frames of its own`() {
        #expect(
            Self.success(EC2QueryProtocol(), "ec2") == """
                <?xml version="1.0" encoding="UTF-8"?>
                <GetThingResponse xmlns="https://ec2.amazonaws.com/doc/2011-06-15/"><requestId>id-1</requestId>\
                <Arn>arn:&lt;&amp;&gt;</Arn></GetThingResponse>
                """)
        #expect(
            Self.failure(EC2QueryProtocol(), "ec2") == """
                <?xml version="1.0" encoding="UTF-8"?>
                <Response><Errors><Error><Code>NoSuchThing</Code><Message>No &lt;thing&gt;</Message><Thing>t</Thing>\
                </Error></Errors><RequestID>id-1</RequestID></Response>
                """)
    }

    @Test func `restXml errors are framed, S3's stand by themselves`() {
        #expect(
            Self.failure(RestXMLProtocol(), "route53") == """
                <ErrorResponse xmlns="https://route53.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
                <Code>NoSuchThingException</Code><Message>No &lt;thing&gt;</Message><Thing>t</Thing></Error>\
                <RequestId>id-1</RequestId></ErrorResponse>
                """)
        #expect(
            Self.failure(RestXMLProtocol(), "s3") == """
                <?xml version="1.0" encoding="UTF-8"?>
                <Error><Type>Sender</Type><Code>NoSuchThingException</Code><Message>No &lt;thing&gt;</Message>\
                <Thing>t</Thing><RequestId>id-1</RequestId></Error>
                """)
    }

    @Test func `an error before its operation is known is framed all the same`() {
        let error = ServiceError(code: "InternalFailure", status: 500, message: "")
        let protocols: [any ServerProtocol] = [AWSQueryProtocol(), EC2QueryProtocol(), RestXMLProtocol()]
        for wire in protocols {
            let message = wire.response(error: error, for: nil, in: nil, exchange: Self.exchange)
            #expect(message.status == 500)
            let body = String(decoding: message.body, as: UTF8.self)
            #expect(body.contains("<Code>InternalFailure</Code></Error>"))
            #expect(body.contains("id-1"))
        }
    }

    @Test func `unreadable values are MalformedInput, broken constraints ValidationError`() {
        let service = Self.service("monitoring")
        let unreadable = AWSQueryProtocol().serviceError(
            for: ShapeError.invalidValue("now", expected: .timestamp, member: "StartTime"), in: service)
        #expect(unreadable == ServiceError(code: "MalformedInput", message: "timestamp must follow ISO8601"))
        let violation = ConstraintViolation(path: [.member("RoleName")], demand: .notNull, value: nil)
        let invalid = AWSQueryProtocol().serviceError(for: [violation], in: service)
        #expect(invalid.code == "ValidationError")
        #expect(invalid.message.hasPrefix("1 validation error detected: Value"))
    }
}
