import Primitives
import Signing
import Testing

/// Paths of REST services, once the scope has said whose they may be.
@Suite struct ServiceRoutesTests {
    private let gateway = TestGateway()

    @Test(arguments: [
        ("GET", "/books/b", "books.GetBook"), ("POST", "/books/b", "books.-"),
        ("POST", "/books/b/lend", "lending.Lend"),
        ("GET", "/books/b/lend", "books.-"), ("GET", "/tags/x?list", "books.ListTags"),
    ])
    func `method and path together name an operation`(
        _ method: String, _ target: String, _ name: String
    ) async throws {
        #expect(await self.gateway.identified(try TestRequest(method, target).signed(for: "books")) == name)
    }

    @Test func `a service that is not signed for keeps its paths to itself`() async throws {
        let request = try TestRequest("GET", "/books/b").signed(for: "archive")
        #expect(await self.gateway.identified(request) == "archive.-")
    }

    @Test(arguments: [("a%20b", "a b"), ("%C3%A9", "é"), ("a+b", "a+b"), ("%2e%2e", "..")])
    func `a label is what the path encodes`(_ segment: String, _ text: String) async throws {
        let answer = await self.gateway.send(try TestRequest("GET", "/books/\(segment)").signed(for: "books"))
        #expect(answer.status == 200)
        #expect(answer.text == "{\"Text\":\"\(text)\"}")
    }
}
