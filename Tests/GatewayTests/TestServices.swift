import Gateway
import Primitives
import ServiceModel

/// Input and output of most operations.
struct Note: ReadableShape, WritableShape {
    static let schema = TestServices.shapes.shape("Note")

    var text: String?

    init(text: String?) {
        self.text = text
    }

    init(from reader: ShapeReader) throws(ShapeError) {
        try reader.beginStructure(Self.schema)
        while try reader.nextMember(Self.schema) != nil {
            self.text = try reader.string(Self.schema.members[0])
        }
    }

    func write(to writer: any ShapeWriter) {
        writer.beginStructure(Self.schema)
        if let text = self.text {
            writer.member(Self.schema.members[0])
            writer.string(text, Self.schema.members[0])
        }
        writer.endStructure()
    }
}

/// Input of operations whose path holds a label.
struct Page: ReadableShape {
    static let schema = TestServices.shapes.shape("Page")

    var id: String

    init(from reader: ShapeReader) throws(ShapeError) {
        var id: String?
        try reader.beginStructure(Self.schema)
        while try reader.nextMember(Self.schema) != nil {
            id = try reader.string(Self.schema.members[0])
        }
        self.id = id ?? reader.missing(Self.schema.members[0], "")
    }
}

/// Made-up services of every protocol; some share a signing name, some a path, some an `Action`.
struct TestServices: Sendable {
    static let shapes = SchemaText(
        """
        service id=shapes
        names
        shape Gone structure error=410
        member message Any
        shape Note structure input
        member Text Word
        shape Page structure input
        member Id Any label required
        shape Any string
        shape Word string min=1 max=8
        """
    )

    var concurrencyMax: Int
    var waitingCountMax: Int
    let handler: TestGateway.Handler

    var all: [RegisteredService] {
        [self.shop, self.shopStreams, self.till, self.desk, self.books, self.lending, self.archive, self.fleet]
    }

    /// Like DynamoDB: JSON and CBOR, long request ids.
    private var shop: RegisteredService {
        var service = self.service(
            "shop", endpoint: "shop", target: "Shop_20260101", protocols: [.awsJson1_0, .rpcv2Cbor],
            [Operation("Buy"), Operation("Look", isUnsigned: true)], others: ["Unlisted"])
        service.requestIDForm = .long
        service.bodyBytesMax = 4096
        return service
    }

    /// Like DynamoDB Streams: signed for another service, on a host of two labels.
    private var shopStreams: RegisteredService {
        self.service(
            "shopstreams", signing: "shop", endpoint: "streams.shop", target: "ShopStreams_20260101",
            protocols: [.awsJson1_0], [Operation("Tail")])
    }

    /// Like STS.
    private var till: RegisteredService {
        var service = self.service(
            "till", endpoint: "till", version: "2026-02-02", protocols: [.awsQuery],
            [Operation("Count"), Operation("GetToken", isUnsigned: true)], others: ["Unlisted"])
        service.throttlingError = ServiceError(code: "Throttling", message: "Rate exceeded")
        return service
    }

    /// Has an `Action` of till's, in another version.
    private var desk: RegisteredService {
        self.service(
            "desk", signing: "till", endpoint: "desk", version: "2026-03-03", protocols: [.awsQuery],
            [Operation("Count")])
    }

    /// Like Bedrock: paths with labels.
    private var books: RegisteredService {
        self.service(
            "books", endpoint: "books", protocols: [.restJson1],
            [Operation("GetBook", "GET", "/books/{Id}"), Operation("ListTags", "GET", "/tags/{Id}")],
            others: ["Unlisted"])
    }

    /// Like Bedrock's runtime: told from books by its paths only.
    private var lending: RegisteredService {
        self.service(
            "lending", signing: "books", endpoint: "books-runtime", protocols: [.restJson1],
            [Operation("Lend", "POST", "/books/{Id}/lend")])
    }

    /// Has a path of books'.
    private var archive: RegisteredService {
        self.service(
            "archive", endpoint: "archive", protocols: [.restJson1], [Operation("ListTags", "GET", "/tags/{Id}")])
    }

    /// Like EC2.
    private var fleet: RegisteredService {
        self.service(
            "fleet", endpoint: "fleet", version: "2026-04-04", protocols: [.ec2Query], [Operation("Launch")])
    }

    private struct Operation {
        let name: String
        let method: String
        let uri: String
        let isUnsigned: Bool

        init(_ name: String, _ method: String = "POST", _ uri: String = "/", isUnsigned: Bool = false) {
            self.name = name
            self.method = method
            self.uri = uri
            self.isUnsigned = isUnsigned
        }
    }

    private func service(
        _ id: String, signing: String? = nil, endpoint: String, target: String? = nil, version: String = "2026-01-01",
        protocols: [ProtocolName], _ operations: [Operation], others: [String] = []
    ) -> RegisteredService {
        let bindings = operations.map { self.binding($0, id) }
        let schema = ServiceSchema(
            id: id, signingName: signing ?? id, endpointPrefix: endpoint, targetPrefix: target, apiVersion: version,
            protocols: protocols, operations: bindings.map(\.schema),
            operationNames: operations.map(\.name) + others)
        return RegisteredService(
            binding: ServiceBinding(schema: schema, operations: bindings), concurrencyMax: self.concurrencyMax,
            waitingCountMax: self.waitingCountMax)
    }

    private func binding(_ operation: Operation, _ service: String) -> OperationBinding {
        let hasLabel = operation.uri != "/"
        let schema = OperationSchema(
            name: operation.name, input: hasLabel ? Page.schema : Note.schema, output: Note.schema,
            errors: [Self.shapes.shape("Gone")], method: operation.method, uri: operation.uri,
            resultWrapper: "\(operation.name)Result", isUnsigned: operation.isUnsigned)
        let handler = self.handler
        guard hasLabel else {
            return OperationBinding(
                schema, input: Note.self, access: { note, _ in Self.access(service, operation, note.text) },
                invoke: { (input, context) async throws(ServiceError) in
                    Note(text: try await handler(input.text ?? "", context))
                })
        }
        return OperationBinding(
            schema, input: Page.self, access: { page, _ in Self.access(service, operation, page.id) },
            invoke: { (input, context) async throws(ServiceError) in
                Note(text: try await handler(input.id, context))
            })
    }

    /// Unsigned operations touch nothing, but for one text.
    private static func access(_ service: String, _ operation: Operation, _ text: String?) -> [ResourceAccess] {
        guard !operation.isUnsigned || text == "guarded" else { return [] }
        return [ResourceAccess(action: "\(service):\(operation.name)", resource: "arn:\(text ?? "*")")]
    }
}
