import ServiceModel
import Testing
import WireProtocols

/// A shape for these tests, read by a closure for each member.
@Suite struct ShapeReaderTests {
    typealias Step = ConstraintViolation.PathStep

    static let text = SchemaText(
        """
        service id=shop protocols=awsJson1_1
        shape Blob blob min=2 max=3
        shape Box structure
        member Name Word required
        member Size Number
        member Colour Colour
        member Boxes Boxes
        member Words Words
        member Map Map
        member Data Blob
        member Secret Secret
        member Secrets Secrets
        member Ratio Ratio
        member Sparse Sparse
        member SparseMap SparseMap
        shape Boxes list max=1
        member member Box
        shape Colour enum enum=RED,GREEN
        shape Map map max=2
        member key Word
        member value Words
        shape Number integer low=1 high=10
        shape Ratio double high=0.5
        shape Secret string min=8 sensitive
        shape Secrets map sensitive
        member key Word
        member value Word
        shape Sparse list sparse
        member member Word
        shape SparseMap map sparse
        member key Word
        member value Number
        shape Word string min=1 max=3 pattern=[a-z%C3%A9]+
        shape Words list min=1 max=2
        member member Word
        """
    )

    struct Box: ReadableShape {
        static let schema = text.shape("Box")
        var name: String
        var boxes: [Box]?
        var words: [String]?
        var map: [String: [String]]?
        var sparse: [String?]?
        var sparseMap: [String: Int64?]?

        init(from reader: ShapeReader) throws(ShapeError) {
            let members = Self.schema.members
            var name: String?
            try reader.beginStructure(Self.schema)
            while let index = try reader.nextMember(Self.schema) {
                let member = members[index]
                switch member.name {
                case "Name": name = try reader.string(member)
                case "Size": _ = try reader.integer(member)
                case "Colour", "Secret": _ = try reader.string(member)
                case "Boxes": self.boxes = try reader.list(member) { (_) throws(ShapeError) in try Box(from: reader) }
                case "Words":
                    self.words = try reader.list(member) { (member) throws(ShapeError) in try reader.string(member) }
                case "Map":
                    self.map = try reader.map(member) { (member) throws(ShapeError) in
                        try reader.list(member) { (member) throws(ShapeError) in try reader.string(member) }
                    }
                case "Secrets":
                    _ = try reader.map(member) { (member) throws(ShapeError) in try reader.string(member) }
                case "Data": _ = try reader.blob(member)
                case "Ratio": _ = try reader.double(member)
                case "Sparse":
                    self.sparse = try reader.sparseList(member) { (member) throws(ShapeError) in
                        try reader.string(member)
                    }
                case "SparseMap":
                    self.sparseMap = try reader.sparseMap(member) { (member) throws(ShapeError) in
                        try reader.integer(member)
                    }
                default: Issue.record("member \(member.name)")
                }
            }
            self.name = name ?? reader.missing(members[0], "")
        }
    }

    static func read(_ json: String) throws -> (box: Box, violations: [ConstraintViolation]) {
        let reader = ShapeReader(JSONReader(Array(json.utf8)))
        return (try Box(from: reader), reader.violations)
    }

    @Test func `a lawful input has no violation`() throws {
        let (box, violations) = try Self.read(
            """
            {"Name":"abé","Size":10,"Colour":"GREEN","Words":["a","b"],"Map":{"x":["y"]},"Data":"AAAA","Ratio":0.5,
            "Secret":"12345678","Boxes":[{"Name":"b"}],"Unknown":[1,{"a":null}],"Sparse":["a",null],
            "SparseMap":{"a":1,"b":null}}
            """
        )
        #expect(violations.isEmpty)
        #expect(box.name == "abé" && box.words == ["a", "b"] && box.map == ["x": ["y"]] && box.boxes?[0].name == "b")
        #expect(box.sparse == ["a", nil] && box.sparseMap == ["a": 1, "b": nil])
    }

    struct Example: Sendable, CustomTestStringConvertible {
        var json: String
        var path: [Step]
        var demand: ConstraintViolation.Demand
        var value: String?
        var testDescription: String { self.json }
    }

    static let examples = [
        Example(json: "{}", path: [.member("Name")], demand: .notNull),
        Example(json: #"{"Name":null}"#, path: [.member("Name")], demand: .notNull),
        Example(json: #"{"Name":"abcd"}"#, path: [.member("Name")], demand: .length(min: 1, max: 3), value: "abcd"),
        Example(json: #"{"Name":"A"}"#, path: [.member("Name")], demand: .pattern("[a-zé]+"), value: "A"),
        Example(json: #"{"Name":"a","Size":0}"#, path: [.member("Size")], demand: .range(min: 1, max: 10), value: "0"),
        Example(
            json: #"{"Name":"a","Size":11}"#, path: [.member("Size")], demand: .range(min: 1, max: 10), value: "11"),
        Example(
            json: #"{"Name":"a","Ratio":0.75}"#, path: [.member("Ratio")], demand: .range(min: nil, max: 0.5),
            value: "0.75"
        ),
        Example(
            json: #"{"Name":"a","Ratio":"NaN"}"#, path: [.member("Ratio")], demand: .range(min: nil, max: 0.5),
            value: "NaN"
        ),
        Example(
            json: #"{"Name":"a","Ratio":"Infinity"}"#, path: [.member("Ratio")], demand: .range(min: nil, max: 0.5),
            value: "Infinity"
        ),
        Example(
            json: #"{"Name":"a","Colour":"red"}"#, path: [.member("Colour")], demand: .enumeration(["RED", "GREEN"]),
            value: "red"
        ),
        Example(
            json: #"{"Name":"a","Data":"AA=="}"#, path: [.member("Data")], demand: .length(min: 2, max: 3),
            value: "java.nio.HeapByteBuffer[pos=0 lim=1 cap=1]"
        ),
        Example(
            json: #"{"Name":"a","Words":[]}"#, path: [.member("Words")], demand: .length(min: 1, max: 2), value: "[]"
        ),
        Example(
            json: #"{"Name":"a","Words":["a","b","c"]}"#, path: [.member("Words")], demand: .length(min: 1, max: 2),
            value: "[a, b, c]"
        ),
        Example(
            json: #"{"Name":"a","Map":{"c":["x"],"a":["y"],"b":["z","z"]}}"#, path: [.member("Map")],
            demand: .length(min: nil, max: 2), value: "{a=[y], b=[z, z], c=[x]}"
        ),
        Example(
            json: #"{"Name":"a","Boxes":[{"Name":"b","Boxes":[{}]}]}"#,
            path: [.member("Boxes"), .element(index: 0), .member("Boxes"), .element(index: 0), .member("Name")],
            demand: .notNull
        ),
        Example(
            json: #"{"Name":"a","Boxes":[{}]}"#, path: [.member("Boxes"), .element(index: 0), .member("Name")],
            demand: .notNull
        ),
    ]

    @Test(arguments: examples) func `what the model demands is checked and placed`(_ example: Example) throws {
        let (_, violations) = try Self.read(example.json)
        let violation = try #require(violations.first)
        #expect(violations.count == 1)
        #expect(violation.path == example.path)
        #expect(violation.demand == example.demand)
        #expect(violation.value == example.value)
        #expect(violation.container == nil)
    }

    // Four code points, three characters: AWS counts the former.
    @Test(arguments: ["", "ABCD", "abe\u{301}"])
    func `of a text that breaks its pattern and its length both are told, the pattern first`(_ name: String) throws {
        let (_, violations) = try Self.read("{\"Name\":\"\(name)\"}")
        #expect(violations.map(\.demand) == [.pattern("[a-zé]+"), .length(min: 1, max: 3)])
        #expect(violations.map(\.path) == [[.member("Name")], [.member("Name")]])
        #expect(violations.map(\.value) == [name, name])
    }

    @Test func `a pattern is not tried on a text that is far too long`() throws {
        let (_, violations) = try Self.read("{\"Name\":\"\(String(repeating: "A", count: 20_000))\"}")
        #expect(violations.map(\.demand) == [.length(min: 1, max: 3)])
    }

    @Test func `elements, keys and values are told with the whole and all that is demanded of them`() throws {
        let word: [ConstraintViolation.Demand] = [
            .length(min: nil, max: 3), .length(min: 1, max: nil), .pattern("[a-zé]+"),
        ]
        let (_, violations) = try Self.read(#"{"Name":"a","Words":["ab","A"],"Map":{"long":["x"],"ok":[]}}"#)
        #expect(
            violations.map(\.path) == [
                [.member("Words"), .element(index: 1)], [.member("Map"), .keyOf("long")], [.member("Map"), .key("ok")],
            ])
        #expect(
            violations.map(\.demand) == [
                .pattern("[a-zé]+"), .length(min: 1, max: 3), .length(min: 1, max: 2),
            ])
        #expect(violations.map { $0.container?.value } == ["[ab, A]", "{long=[x], ok=[]}", "{long=[x], ok=[]}"])
        #expect(violations[0].container?.demands == word)
        #expect(violations[1].container?.demands == word)
        #expect(violations[2].container?.demands == [.length(min: nil, max: 2), .length(min: 1, max: nil)])
    }

    @Test func `a place is found again behind an aggregate`() throws {
        let (_, violations) = try Self.read(
            #"{"Boxes":[{"Words":["a"],"Name":"A"}],"Map":{"a":["b"]},"Size":99,"Name":"A"}"#
        )
        #expect(
            violations.map(\.path) == [
                [.member("Boxes"), .element(index: 0), .member("Name")], [.member("Size")], [.member("Name")],
            ])
    }

    @Test func `a sensitive value is never kept`() throws {
        let (_, violations) = try Self.read(#"{"Name":"a","Secret":"hunter2"}"#)
        #expect(violations.map(\.isSensitive) == [true])
        #expect(violations[0].value == nil)
        let (_, nested) = try Self.read(#"{"Name":"a","Boxes":[{"Name":"a"},{"Name":"b","Secret":"hunter22"}]}"#)
        #expect(nested.count == 1)
        #expect(!(nested[0].value ?? "").contains("hunter2"))
        let (_, parts) = try Self.read(#"{"Name":"a","Secrets":{"a":"A"}}"#)
        #expect(parts.map(\.isSensitive) == [true] && parts[0].value == nil)
        #expect(parts.map { $0.container?.value } == [""])
    }

    @Test func `no more violations are kept than the bound`() throws {
        let elements = Array(repeating: "{}", count: 1000).joined(separator: ",")
        let (_, violations) = try Self.read(#"{"Name":"a","Boxes":[\#(elements)]}"#)
        #expect(violations.count == ShapeReader.violationCountMax)
    }

    @Test func `of a list or map that is too long no more is kept than can be shown, and all is counted`() throws {
        let count = 100_000
        let elements = Array(repeating: #""a""#, count: count).joined(separator: ",")
        let entries = (0..<count).map { #""\#(String($0, radix: 26))":["a"]"# }.joined(separator: ",")
        let (box, violations) = try Self.read(#"{"Name":"a","Words":[\#(elements)],"Map":{\#(entries)}}"#)
        #expect((box.words ?? []).count <= ValueText.charactersMax && (box.map ?? [:]).count <= ValueText.charactersMax)
        let tooLong = violations.filter { $0.path.count == 1 }
        #expect(tooLong.first?.length == count)
        #expect(tooLong.first?.value == String(("[" + Array(repeating: "a, ", count: 2000).joined()).prefix(4096)))
    }

    @Test func `of many lists that are too long no more is kept than can be shown`() throws {
        let words = "[" + Array(repeating: #""a""#, count: 5000).joined(separator: ",") + "]"
        let entries = (0..<100).map { #""\#($0)":\#(words)"# }.joined(separator: ",")
        let (box, violations) = try Self.read(#"{"Name":"a","Map":{\#(entries)}}"#)
        #expect(violations.count == ShapeReader.violationCountMax)
        #expect((box.map ?? [:]).values.reduce(0) { $0 + $1.count } < 100_000)
    }

    @Test func `of a list or map without a maximum no more is kept than can be shown once the input is refused`()
        throws
    {
        let letters = "abcdefghijklmnopqrstuvwxyz"
        let keys = letters.flatMap { first in letters.flatMap { second in letters.map { "\(first)\(second)\($0)" } } }
        let elements = Array(repeating: #""a""#, count: keys.count).joined(separator: ",")
        let entries = keys.map { #""\#($0)":1"# }.joined(separator: ",")
        let (lawful, none) = try Self.read(#"{"Name":"a","Sparse":[\#(elements)],"SparseMap":{\#(entries)}}"#)
        #expect(none.isEmpty)
        #expect(lawful.sparse?.count == keys.count && lawful.sparseMap?.count == keys.count)
        let (box, violations) = try Self.read(
            #"{"Name":"a","Size":99,"Sparse":[\#(elements)],"SparseMap":{\#(entries)}}"#)
        #expect(violations.map(\.path) == [[.member("Size")]])
        #expect((box.sparse ?? []).count <= ValueText.charactersMax)
        #expect((box.sparseMap ?? [:]).count <= ValueText.charactersMax)
    }

    @Test func `a long text is not told whole, neither as a value nor as a place`() throws {
        let long = String(repeating: "A", count: 1 << 20)
        let (_, violations) = try Self.read(#"{"Name":"\#(long)","Colour":"\#(long)","Map":{"\#(long)":[]}}"#)
        #expect(violations.count == 4)
        for violation in violations {
            #expect("\(violation)".utf8.count < 10 * ValueText.charactersMax)
        }
        #expect(violations.first?.length == 1 << 20)
    }

    @Test func `a null in a list that is not sparse is refused`() {
        #expect(throws: ShapeError.self) { try Self.read(#"{"Name":"a","Words":["a",null]}"#) }
    }
}
