import Gateway
import Primitives
import ServiceModel
import Signing
import Testing

/// What a service says when it is asked too much.
@Suite struct ThrottleTests {
    private let gate = Gate()

    private func busy() -> TestGateway {
        let gate = self.gate
        return TestGateway(concurrencyMax: 1, waitingCountMax: 0) { (text, _) async throws(ServiceError) in
            await gate.wait()
            return text
        }
    }

    @Test func `a JSON service says ThrottlingException`() async throws {
        let gateway = self.busy()
        let request = try TestRequest.buy.signed(for: "shop")
        let first = Task.immediate { await gateway.send(request) }
        let answer = await gateway.send(request)
        #expect(answer.status == 400)
        #expect(answer.text.contains("ThrottlingException"))
        #expect(gateway.log.requests.last?.string("error") == "ThrottlingException")
        self.gate.open()
        _ = await first.value
    }

    @Test func `a query service says Throttling, in its own form`() async throws {
        let gateway = self.busy()
        let request = try TestRequest.count.signed(for: "till")
        let first = Task.immediate { await gateway.send(request) }
        let answer = await gateway.send(request)
        #expect(answer.status == 400)
        #expect(answer.element("Code") == "Throttling")
        #expect(answer.element("Message") == "Rate exceeded")
        #expect(answer.element("Type") == "Sender")
        self.gate.open()
        _ = await first.value
    }

    @Test func `a busy service leaves the others alone`() async throws {
        let gateway = self.busy()
        let request = try TestRequest.buy.signed(for: "shop")
        let first = Task.immediate { await gateway.send(request) }
        let other = try TestRequest.count.signed(for: "till")
        let second = Task.immediate { await gateway.send(other) }
        #expect(self.gate.count == 2)
        self.gate.open()
        #expect(await first.value.status == 200)
        #expect(await second.value.status == 200)
    }

    @Test func `a request that is not proven or not readable takes no place`() async throws {
        let gateway = self.busy()
        let request = try TestRequest.buy.signed(for: "shop")
        let first = Task.immediate { await gateway.send(request) }
        #expect(await gateway.send(.buy).text.contains("MissingAuthenticationToken"))
        let unreadable = try TestRequest.json("Shop_20260101.Buy", "{").signed(for: "shop")
        #expect(await gateway.send(unreadable).text.contains("SerializationException"))
        self.gate.open()
        #expect(await first.value.status == 200)
    }
}
