import Primitives
import ServiceModel
import Signing
import Telemetry
import Testing

/// What a handler gives or throws is what the client gets.
@Suite struct InvokeTests {
    private let gateway = TestGateway { (text, _) async throws(ServiceError) in
        switch text {
        case "gone": throw ServiceError(code: "Gone", status: 410, message: "It is gone.")
        case "broken": throw ServiceError(code: "InternalServerError", status: 500, message: "no")
        default: return String(text.reversed())
        }
    }

    private func answer(_ text: String) async throws -> Answer {
        let request = TestRequest.json("Shop_20260101.Buy", "{\"Text\":\"\(text)\"}")
        return await self.gateway.send(try request.signed(for: "shop"))
    }

    @Test func `a handler's output is the answer`() async throws {
        #expect(try await self.answer("abc").text == #"{"Text":"cba"}"#)
    }

    @Test func `a handler's error has its code, its status and its sentence`() async throws {
        let answer = try await self.answer("gone")
        #expect(answer.status == 410)
        #expect(answer.text.contains("#Gone\""))
        #expect(answer.text.contains("It is gone."))
    }

    @Test func `a fault of the server is counted as one`() async throws {
        #expect(try await self.answer("broken").status == 500)
        let text = self.gateway.metrics.exposition()
        #expect(text.contains(#"brume_requests_total{service="shop",operation="Buy",status="5xx"} 1"#))
    }
}
