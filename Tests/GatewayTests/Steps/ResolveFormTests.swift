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
    }

    @Test(arguments: ["", "Version=2026-02-02", "action=Count", "XAction=Count", "Action", "Action=%FF", "Action=%4"])
    func `a form without an action is no operation`(_ form: String) async throws {
        #expect(await self.gateway.identified(try TestRequest.form(form).signed(for: "till")) == "till.-")
    }

    @Test func `a service that is alone in the scope needs no version`() async throws {
        #expect(
            await self.gateway.identified(try TestRequest.form("Action=Launch").signed(for: "fleet")) == "fleet.Launch")
        let wrong = try TestRequest.form("Action=Launch&Version=1999-01-01").signed(for: "fleet")
        #expect(await self.gateway.identified(wrong) == "fleet.Launch")
    }

    @Test func `the scope decides which services a form may be for`() async throws {
        let request = try TestRequest.form("Action=Count&Version=2026-03-03").signed(for: "fleet")
        #expect(await self.gateway.identified(request) == "fleet.Count")
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
