import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct RouteTableTests {
    private static let templates = [
        "GET /foundation-models", "GET /foundation-models/{modelIdentifier}", "POST /model/{modelId}/converse",
        "GET /{Bucket}", "GET /{Bucket}?location", "GET /{Bucket}?list-type=2", "GET /{Bucket}/{Key+}",
        "PUT /{Bucket}/{Key+}",
        "GET /a/{path+}/end", "GET /ReDosLiteral/{str}/(a+)+", "GET /",
    ]
    private static let table = RouteTable(
        templates.map { text in
            let parts = text.split(separator: " ")
            return .init(method: String(parts[0]), template: URITemplate(String(parts[1])))
        })

    private static func match(_ method: String, _ target: String) -> String? {
        guard let match = self.table.match(RequestHead(method: method, target: target, headers: [:])) else {
            return nil
        }
        return ([self.templates[match.index]] + match.labels.map { "\($0.name)=\($0.rawValue)" }).joined(separator: " ")
    }

    @Test(arguments: [
        ("GET", "/foundation-models", "GET /foundation-models"),
        ("GET", "/foundation-models/", "GET /foundation-models"),
        ("GET", "/foundation%2Dmodels", "GET /foundation-models"),
        ("GET", "/foundation-models/x", "GET /foundation-models/{modelIdentifier} modelIdentifier=x"),
        (
            "POST", "/model/arn%3Aaws%3Abedrock%2Fx.y%3A0/converse",
            "POST /model/{modelId}/converse modelId=arn%3Aaws%3Abedrock%2Fx.y%3A0"
        ),
        ("GET", "/bucket", "GET /{Bucket} Bucket=bucket"), ("GET", "/bucket/", "GET /{Bucket} Bucket=bucket"),
        ("GET", "/bucket?location", "GET /{Bucket}?location Bucket=bucket"),
        ("GET", "/bucket?location=&x=1", "GET /{Bucket}?location Bucket=bucket"),
        ("GET", "/bucket?list-type=2&prefix=a", "GET /{Bucket}?list-type=2 Bucket=bucket"),
        ("GET", "/bucket?list-type=1", "GET /{Bucket} Bucket=bucket"),
        ("GET", "/bucket/a/b%2Fc", "GET /{Bucket}/{Key+} Bucket=bucket Key=a/b%2Fc"),
        ("GET", "/bucket/folder/", "GET /{Bucket}/{Key+} Bucket=bucket Key=folder/"),
        ("GET", "/bucket//x", "GET /{Bucket}/{Key+} Bucket=bucket Key=/x"),
        ("PUT", "/foundation-models/x/y", "PUT /{Bucket}/{Key+} Bucket=foundation-models Key=x/y"),
        ("GET", "/a/b/c/end", "GET /a/{path+}/end path=b/c"), ("GET", "/a/end/end", "GET /a/{path+}/end path=end"),
        ("GET", "/a/b/c", "GET /{Bucket}/{Key+} Bucket=a Key=b/c"),
        ("GET", "/ReDosLiteral/abc/(a+)+", "GET /ReDosLiteral/{str}/(a+)+ str=abc"),
        ("GET", "/", "GET /"),
    ])
    func `the most specific route takes the request`(_ method: String, _ target: String, _ expected: String) {
        #expect(Self.match(method, target) == expected)
    }

    @Test(arguments: [("POST", "/bucket"), ("DELETE", "/"), ("POST", "/model//converse"), ("PATCH", "/bucket/key")])
    func `other requests are no operation's`(_ method: String, _ target: String) {
        #expect(Self.match(method, target) == nil)
    }

    @Test func `a path of very many segments is refused at once`() {
        #expect(Self.match("GET", "/bucket" + String(repeating: "/x", count: 100_000)) == nil)
    }
}

@Suite struct HeaderListTests {
    @Test(arguments: [
        ("a, b, c", ["a", "b", "c"]), ("a,b", ["a", "b"]), ("", [""]), ("a,,b", ["a", "", "b"]), (" a b ", ["a b"]),
        (#""b,c", "\"def\"", a"#, ["b,c", "\"def\"", "a"]), (#""a\\b""#, ["a\\b"]), (#""""#, [""]),
    ])
    func `lists are split at the commas outside of quotes`(_ text: String, _ expected: [String]) {
        #expect(HeaderList.split(text) == expected)
    }

    @Test(arguments: [#""a"#, #""a"b"#, #""a\"#])
    func `quotations that do not end are refused`(_ text: String) {
        #expect(HeaderList.split(text) == nil)
    }

    @Test(arguments: [["a", "b,c", "d\"e", " f", "g\\h"], [], ["a"], ["\"\\,"]])
    func `joined elements are split again`(_ elements: [String]) {
        let text = HeaderList.join(elements, quoting: true)
        #expect(HeaderList.split(text) == (elements.isEmpty ? [""] : elements))
    }

    @Test func `HTTP dates keep their own comma`() {
        let date = "Mon, 16 Dec 2019 23:48:18 GMT"
        #expect(HeaderList.splitTimestamps("\(date), \(date)", as: .httpDate) == [date, date])
        #expect(HeaderList.splitTimestamps(date + ", Tue", as: .httpDate) == nil)
        #expect(HeaderList.splitTimestamps("1, 2", as: .epochSeconds) == ["1", "2"])
    }
}
