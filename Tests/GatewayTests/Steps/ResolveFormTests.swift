import Primitives
import Signing
import Testing

/// Operations that a form names.
@Suite struct ResolveFormTests {
    private let gateway = TestGateway()

    private static let cases: [(String, String)] = [
        ("Action=Count&Version=2026-02-02", "till.Count"), ("Action=Count&Version=2026-03-03", "desk.Count"),
        ("Text=x&Version=2026-03-03&Action=Count", "desk.Count"),
        ("Action=Co%75nt&Version=2026%2D02%2D02", "till.Count"),
        ("Action=Launch&Version=2026-04-04", "fleet.Launch"), ("Action=Unlisted&Version=2026-02-02", "till.Unlisted"),
        ("Action=Nope&Version=2026-02-02", "till.Nope"), ("Action=Count&Version=1999-01-01", "-"),
        ("Action=Count", "-"), ("Action=Count&Action=Nope&Version=2026-02-02", "till.Count"),
    ]

    @Test(arguments: cases)
    func `action and version together name an operation, in a body and in a query`(
        _ form: String, _ name: String
    ) async {
        #expect(await self.gateway.identified(.form(form)) == name)
        #expect(await self.gateway.identified(.init("GET", "/?\(form)")) == name)
        #expect(await self.gateway.identified(.init("POST", "/?\(form)")) == name)
    }

    @Test func `a presigned POST has everything in its query, and a body goes before it`() async throws {
        let request = TestRequest("POST", "/?Action=Count&Version=2026-02-02")
        #expect(await self.gateway.identified(try request.presigned(for: "till")) == "till.Count")
        let form = TestRequest(
            "POST", "/?Action=Nope&Version=2026-02-02", ["Content-Type": "application/x-www-form-urlencoded"],
            body: "Action=Count&Version=2026-02-02")
        #expect(await self.gateway.identified(form) == "till.Count")
    }

    @Test(arguments: ["", "Version=2026-02-02", "action=Count", "XAction=Count", "Action", "Action=%FF", "Action=%4"])
    func `a form without an action is no operation`(_ form: String) async throws {
        #expect(await self.gateway.identified(try TestRequest.form(form).signed(for: "till")) == "till.-")
    }

    @Test(arguments: [
        ("Action=Count", "till", "Count", "NO_VERSION_SPECIFIED"),
        ("Action=Count&Version=1999-01-01", "till", "Count", "1999-01-01"),
        ("Action=Unlisted&Version=2026-03-04", "till", "Unlisted", "2026-03-04"),
        ("Action=Nope&Version=", "till", "Nope", ""),
        // A version of another service than the one that the scope names.
        ("Action=Launch&Version=2026-02-02", "fleet", "Launch", "2026-02-02"),
    ])
    func `an action in another version than the service's is not found`(
        _ form: String, _ service: String, _ action: String, _ version: String
    ) async throws {
        let answer = await self.gateway.send(try TestRequest.form(form).signed(for: service))
        #expect(answer.status == 400)
        #expect(answer.element("Code") == "InvalidAction")
        #expect(answer.element("Message") == "Could not find operation \(action) for version \(version)")
        #expect(self.gateway.log.requests.last?.string("service") == service)
    }

    @Test func `what is repeated of an action and a version is cut`() async throws {
        let long = String(repeating: "a", count: 100_000)
        let answer = await self.gateway.send(
            try TestRequest.form("Action=\(long)&Version=\(long)").signed(for: "till"))
        #expect(answer.element("Code") == "InvalidAction")
        #expect(answer.text.utf8.count < 2000)
    }

    @Test func `a body that is no form is not looked into`() async throws {
        let request = TestRequest(
            "POST", "/", ["Content-Type": "text/plain"], body: "Action=Count&Version=2026-02-02")
        #expect(await self.gateway.identified(request) == "-")
        #expect(await self.gateway.identified(try request.signed(for: "till")) == "till.-")
    }

    @Test func `a form's type is known in any case`() async {
        let request = TestRequest.count.with("Content-Type", "Application/X-WWW-Form-Urlencoded")
        #expect(await self.gateway.identified(request) == "till.Count")
    }
}
