import Primitives
import Signing
import Testing

/// The service that a host names.
@Suite struct ServiceCatalogTests {
    private let gateway = TestGateway()

    @Test(arguments: [
        ("archive.us-east-1.localhost:4566", "archive.ListTags"), ("archive.localhost", "archive.ListTags"),
        ("archive.us-east-1.amazonaws.com", "archive.ListTags"), ("ARCHIVE.LocalHost:4566", "archive.ListTags"),
        ("data-archive.us-east-1.localhost", "archive.ListTags"), ("sync-archive.localhost", "archive.ListTags"),
        ("stream-archive.localhost", "archive.ListTags"), ("books.localhost", "books.ListTags"),
        // Not a service's host: the path decides, and books comes first.
        ("localhost:4566", "books.ListTags"), ("127.0.0.1:4566", "books.ListTags"), ("archive", "books.ListTags"),
        ("[::1]:4566", "books.ListTags"), ("my-archive.localhost", "books.ListTags"), ("", "books.ListTags"),
        ("control-archive.localhost", "books.ListTags"), ("x.archive.localhost", "books.ListTags"),
    ])
    func `a host names a service by its first labels, prefixes of SDKs aside`(_ host: String, _ name: String) async {
        #expect(await self.gateway.identified(.init("GET", "/tags/x", ["Host": host])) == name)
    }

    @Test(arguments: [
        ("streams.shop.us-east-1.localhost", "shopstreams.-"), ("streams.shop.localhost:4566", "shopstreams.-"),
        ("shop.us-east-1.localhost", "shop.-"), ("streams.localhost", "-"),
    ])
    func `a host of two labels is told from the service that shares one`(_ host: String, _ name: String) async {
        #expect(await self.gateway.identified(.init("POST", "/", ["Host": host])) == name)
    }

    @Test func `the signature's scope beats the host`() async throws {
        let request = try TestRequest("GET", "/tags/x", ["Host": "archive.localhost"]).signed(for: "books")
        #expect(await self.gateway.identified(request) == "books.ListTags")
    }
}
