import Primitives
import Signing
import Testing

/// Which service and operation a request is for; the earlier of two ways to name one wins.
@Suite struct IdentifyTests {
    private let gateway = TestGateway()

    private static func cbor(_ path: String, _ value: String = "rpc-v2-cbor") -> TestRequest {
        TestRequest("POST", path, ["Smithy-Protocol": value, "Content-Type": "application/cbor"])
    }

    @Test(arguments: [
        ("/service/Shop_20260101/operation/Buy", "shop.Buy"),
        ("/stage/v1/service/ShopStreams_20260101/operation/Tail", "shopstreams.Tail"),
        ("/service/Shop_20260101/operation/Unlisted", "shop.Unlisted"),
        ("/service/Shop_20260101/operation/Nope", "shop.Nope"), ("/service/Shop/operation/Buy", "-"),
        ("/service/Shop_20260101/operation", "-"), ("/services/Shop_20260101/operation/Buy", "-"),
        ("/service/Shop_20260101/operations/Buy", "-"), ("/", "-"), ("/operation/Buy/service/Shop_20260101", "-"),
    ])
    func `a Smithy RPC names service and operation in the end of its path`(_ path: String, _ name: String) async {
        #expect(await self.gateway.identified(Self.cbor(path)) == name)
    }

    @Test func `a Smithy RPC's path beats X-Amz-Target, and an RPC of another kind is nobody's`() async {
        let path = "/service/Shop_20260101/operation/Buy"
        let target = "ShopStreams_20260101.Tail"
        #expect(await self.gateway.identified(Self.cbor(path).with("X-Amz-Target", target)) == "shop.Buy")
        #expect(await self.gateway.identified(Self.cbor(path, "rpc-v2-json").with("X-Amz-Target", target)) == "-")
    }

    @Test(arguments: [
        ("Shop_20260101.Buy", "shop.Buy"), ("ShopStreams_20260101.Tail", "shopstreams.Tail"),
        ("Shop_20260101.Unlisted", "shop.Unlisted"), ("Shop_20260101.Nope", "shop.Nope"), ("Shop_20260101.", "shop.-"),
        ("Shop_20260101", "-"), ("Nope_20260101.Buy", "-"), (".Buy", "-"), ("", "-"), ("shop_20260101.Buy", "-"),
        ("Shop_20260101.buy", "shop.buy"), ("com.example.Shop_20260101.Buy", "-"), ("Shop_20260101.Buy ", "shop.Buy "),
    ])
    func `X-Amz-Target is taken to the letter`(_ target: String, _ name: String) async {
        #expect(await self.gateway.identified(.json(target)) == name)
    }

    @Test func `X-Amz-Target beats the signature's scope, the host and the path`() async throws {
        var request = TestRequest(
            "GET", "/tags/x", ["X-Amz-Target": "Shop_20260101.Buy", "Host": "archive.us-east-1.localhost"])
        request = try request.signed(for: "books")
        #expect(await self.gateway.identified(request) == "shop.Buy")
    }

    @Test(arguments: [("books", "books.ListTags"), ("archive", "archive.ListTags"), ("shop", "shop.-"), ("nope", "-")])
    func `a path that two services have goes where the signature's scope says`(
        _ service: String, _ name: String
    ) async throws {
        let request = TestRequest("GET", "/tags/x", ["Host": "archive.us-east-1.localhost"])
        #expect(await self.gateway.identified(try request.signed(for: service)) == name)
        #expect(await self.gateway.identified(try request.presigned(for: service)) == name)
    }

    @Test(arguments: [
        (
            "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/archive/aws4_request, SignedHeaders=host",
            "archive.ListTags"
        ),
        (
            "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=A/20260101/us-east-1/archive/aws4_request",
            "archive.ListTags"
        ),
        ("AWS4-ECDSA-P256-SHA256 Credential=A/20260101/archive/aws4_request, SignedHeaders=host", "archive.ListTags"),
        // Not a scope: the path decides alone.
        ("AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/archive/aws4, SignedHeaders=host", "books.ListTags"),
        ("AWS4-HMAC-SHA256 Credential=archive/aws4_request, SignedHeaders=host", "books.ListTags"),
        ("Bearer archive", "books.ListTags"), ("", "books.ListTags"),
    ])
    func `the scope is found in either form of a signature`(_ authorization: String, _ name: String) async {
        #expect(await self.gateway.identified(.init("GET", "/tags/x", ["Authorization": authorization])) == name)
    }

    @Test(arguments: [
        "X-Amz-Credential=A%2F20260101%2Fus-east-1%2Farchive%2Faws4_request",
        "a=b&X-Amz-Credential=A/1/r/archive/aws4_request",
    ])
    func `a presigned scope may be encoded or not`(_ query: String) async {
        #expect(await self.gateway.identified(.init("GET", "/tags/x?\(query)")) == "archive.ListTags")
    }

    @Test func `services of one signing name are told apart by path`() async throws {
        let lend = try TestRequest("POST", "/books/b/lend").signed(for: "books")
        #expect(await self.gateway.identified(lend) == "lending.Lend")
        let get = try TestRequest("GET", "/books/b").signed(for: "books")
        #expect(await self.gateway.identified(get) == "books.GetBook")
    }

    @Test func `a path is split before it is decoded`() async throws {
        let request = try TestRequest("GET", "/books/arn%3Aa%2Fb").signed(for: "books")
        let answer = await self.gateway.send(request)
        #expect(answer.text == #"{"Text":"arn:a/b"}"#)
    }

    @Test(arguments: ["/books/a/b", "/books", "/books/", "/Books/a", "/nope"])
    func `a path that is no operation's is an unknown operation of the service that signed`(_ path: String) async throws
    {
        #expect(await self.gateway.identified(try TestRequest("GET", path).signed(for: "books")) == "books.-")
        #expect(await self.gateway.identified(TestRequest("GET", path)) == "-")
    }

    @Test func `a service that is signed for and not served is named, whatever the host`() async throws {
        let request = try TestRequest("GET", "/tags/x", ["Host": "archive.localhost"]).signed(for: "s3")
        let answer = await self.gateway.send(request)
        #expect(answer.status == 501)
        #expect(answer.text.contains("The service s3 is not served by this Brume server."))
    }
}
