import HostileModel
import Primitives
import ServiceModel
import Testing
import WireProtocols

/// The generated code of the model of hostile names, at work.
@Suite struct HostileModelTests {
    private func read<Shape: ReadableShape>(
        _ type: Shape.Type, _ json: String
    ) throws -> (shape: Shape, violations: [ConstraintViolation]) {
        let reader = ShapeReader(JSONReader(Array(json.utf8)))
        return (try Shape(from: reader), reader.violations)
    }

    private func json(_ shape: some WritableShape) -> String {
        let writer = JSONWriter()
        shape.write(to: writer)
        return String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    @Test(arguments: [
        """
        {"Type":"a b","Self":"s","self":"s","init":"i","default":"d","class":"c","Error":"e","description":"d",\
        "hashValue":1,"1st":"1","x-amz-meta":"x","_":"_","Id":"1","ID":"2","schema":"s","index":"i","reader":"r",\
        "writer":"w","member":["a"],"value":["b"],"element0":["c"],"item0":{"a":"b"},"key0":{"c":"d"},"none":"n",\
        "await":true}
        """
    ])
    func `every member of a hostile structure keeps its name on the wire`(_ text: String) throws {
        let (shape, violations) = try self.read(TypeShape.self, text)
        #expect(violations.isEmpty)
        #expect(shape.type == .aB_ && shape.id == "1" && shape.id_ == "2")
        #expect(self.json(shape) == text)
    }

    @Test func `every form of value goes in and comes out the same`() throws {
        let text = """
            {"Choice":{"Many":[{"unknown":"u"},{"self":{"Nothing":{}}}]},"Deep":{"":[{"a":{"Any":"x"}}],"A,B":[{}]},\
            "Document":{"a":[1,null]},"Moment":1.5,"Ping":{"Pong":{"Word":"w"}},"Binary":"AAE=","Boolean":false,\
            "Chicken":{"Egg":{"Word":"e"}},"Decimal":12345678901234567890.5,"Fraction":0.5,"Long":-1,\
            "Node":{"Left":{"Name":"l"},"Name":"n","Children":[{"Name":"c"}]},"Secret":"12345678",\
            "SparseList":["a",null],"SparseMap":{"a":["b"],"c":null},"words-in-documents":["w"]}
            """
        let (shape, violations) = try self.read(Everything.self, text)
        #expect(violations.isEmpty)
        #expect(shape.node?.left?.value.name == "l" && shape.chicken?.egg.value.word == "e")
        #expect(shape.sparseMap == ["a": ["b"], "c": nil])
        #expect(self.json(shape) == text)
    }

    @Test func `required members that are missing read as zero values and are told`() throws {
        let (shape, violations) = try self.read(Everything.self, #"{"Chicken":{},"Node":{}}"#)
        #expect(
            violations.map(\.path) == [
                [.member("Chicken"), .member("Egg")], [.member("Node"), .member("Name")], [.member("Choice")],
                [.member("Deep")], [.member("Document")], [.member("Moment")], [.member("Ping")],
            ])
        #expect(violations.allSatisfy { $0.demand == .notNull })
        #expect(shape.deep.isEmpty && shape.moment == Timestamp(millisecondsSinceEpoch: 0))
        #expect(shape.chicken?.egg.value.word == "")
    }

    @Test func `an unknown value of an enumeration and an unknown member of a union survive`() throws {
        let (shape, _) = try self.read(TypeShape.self, #"{"Type":"of tomorrow"}"#)
        #expect(shape.type.rawValue == "of tomorrow")
        let (everything, _) = try self.read(Everything.self, #"{"Choice":{"OfTomorrow":1}}"#)
        guard case .unknown = everything.choice else {
            Issue.record("\(everything.choice)")
            return
        }
    }

    @Test func `a union with two members is refused`() {
        #expect(throws: ShapeError.self) {
            try self.read(Everything.self, #"{"Choice":{"unknown":"a","Nothing":{}}}"#)
        }
    }

    @Test func `errors carry their code, status, query code and members`() {
        let error = HostileError.error(message: "m", reason: .none_, nodes: [Node(name: "n")])
        #expect(error.code == "Error" && error.status == 409 && error.queryCode == "Hostile.Error")
        #expect(error.detail.map { self.json($0) } == #"{"message":"m","Reason":"none","Nodes":[{"Name":"n"}]}"#)
        #expect(HostileError.throttled(message: "m").status == 500)
        #expect(HostileError.error_(message: "m").code == "error")
    }

    @Test func `the patch's order of values is the order in which they are demanded`() throws {
        let (_, violations) = try self.read(TypeShape.self, #"{"Type":"x"}"#)
        guard case .enumeration(let values)? = violations.first?.demand else {
            Issue.record("\(violations)")
            return
        }
        #expect(values.prefix(6) == ["", "none", "some", "self", "init", "A,B"])
        #expect(values.suffix(6) == ["a_b", "é", "default", "rawValue", "Type", "#{x}"])
    }

    @Test func `the binding calls the handler of its own operation`() async throws {
        let binding = HostileService().binding
        #expect(binding.schema.operationNames.contains("Unlisted"))
        let names = binding.operations.map(\.schema.name)
        #expect(names == ["Access", "Binding", "Default", "Init", "Nothing", "Self", "SelfAgain"])
        for (name, json) in [("Self", #"{"Optional":{}}"#), ("SelfAgain", #"{"Optional":{}}"#), ("Nothing", "{}")] {
            let operation = try #require(binding.operations.first { $0.schema.name == name })
            let input = try operation.decode(ShapeReader(JSONReader(Array(json.utf8))))
            #expect(operation.access(input, Self.context).map(\.action) == ["hostile:\(name)"])
            let error = await #expect(throws: ServiceError.self) { try await operation.invoke(input, Self.context) }
            #expect(error?.message == name)
        }
    }

    private static let context = RequestContext(
        requestID: RequestID("0"),
        principal: Principal(
            kind: .anonymous, account: AccountID.standard, arn: "", userID: "", accessKeyID: ""
        ),
        region: .standard,
        time: Timestamp(millisecondsSinceEpoch: 0),
        sourceAddress: "127.0.0.1",
        isTLS: false,
        userAgent: ""
    )
}

/// Answers each operation with an error of its name.
private struct HostileService: HostileOperations {
    private func access(_ name: String) -> [ResourceAccess] {
        [ResourceAccess(action: "hostile:\(name)", resource: "*")]
    }

    private func refusal(_ name: String) -> ServiceError { HostileError.error(message: name) }

    func access(_ input: AccessInput, _ context: RequestContext) -> [ResourceAccess] { self.access("Access") }
    func access(_ input: BindingInput, _ context: RequestContext) -> [ResourceAccess] { self.access("Binding") }
    func access(_ input: TypeShape, _ context: RequestContext) -> [ResourceAccess] { self.access("Default") }
    func access(_ input: Everything, _ context: RequestContext) -> [ResourceAccess] { self.access("Init") }
    func access(_ input: NothingInput, _ context: RequestContext) -> [ResourceAccess] { self.access("Nothing") }
    func access(_ input: SelfInput, _ context: RequestContext) -> [ResourceAccess] { self.access("Self") }
    func access(_ input: SelfAgainInput, _ context: RequestContext) -> [ResourceAccess] { self.access("SelfAgain") }

    func access_(_ input: AccessInput, _ context: RequestContext) async throws(ServiceError) -> AccessOutput {
        throw self.refusal("Access")
    }

    func binding_(_ input: BindingInput, _ context: RequestContext) async throws(ServiceError) -> BindingOutput {
        throw self.refusal("Binding")
    }

    func `default`(_ input: TypeShape, _ context: RequestContext) async throws(ServiceError) -> TypeShape {
        throw self.refusal("Default")
    }

    func init_(_ input: Everything, _ context: RequestContext) async throws(ServiceError) -> Everything {
        throw self.refusal("Init")
    }

    func nothing(_ input: NothingInput, _ context: RequestContext) async throws(ServiceError) -> NothingOutput {
        throw self.refusal("Nothing")
    }

    func self_(_ input: SelfInput, _ context: RequestContext) async throws(ServiceError) -> Wide {
        throw self.refusal("Self")
    }

    func selfAgain(_ input: SelfAgainInput, _ context: RequestContext) async throws(ServiceError) -> Wide {
        throw self.refusal("SelfAgain")
    }
}
