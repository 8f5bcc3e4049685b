import Gateway
import Primitives
import ServiceModel
import Signing
import Synchronization
import Testing

/// Places in the handlers of a service, and the queue before them.
@Suite struct ConcurrencyLimiterTests {
    private let gate = Gate()

    /// Handlers wait at the gate; a request that was started here is in its handler, in the queue or answered.
    private func gateway(concurrencyMax: Int, waitingCountMax: Int) -> TestGateway {
        let gate = self.gate
        return TestGateway(concurrencyMax: concurrencyMax, waitingCountMax: waitingCountMax) {
            (text, _) async throws(ServiceError) in
            await gate.wait()
            if text == "fail" { throw ServiceError(code: "Gone", status: 410, message: "gone") }
            return text
        }
    }

    private func start(_ request: TestRequest, on gateway: TestGateway) -> Task<Answer, Never> {
        // Awaited by the test.
        Task.immediate { await gateway.send(request) }
    }

    @Test func `so many are in handlers, so many wait, and the next is refused at once`() async throws {
        let gateway = self.gateway(concurrencyMax: 2, waitingCountMax: 1)
        let request = try TestRequest.buy.signed(for: "shop")
        let tasks = (0..<3).map { _ in self.start(request, on: gateway) }
        #expect(self.gate.count == 2)
        let refused = await gateway.send(request)
        #expect(refused.status == 400)
        #expect(refused.text.contains("#ThrottlingException"))
        #expect(refused.text.contains("Rate exceeded"))
        #expect(self.gate.count == 2)
        self.gate.open()
        for task in tasks { #expect(await task.value.status == 200) }
    }

    @Test func `a refused request takes no place`() async throws {
        let gateway = self.gateway(concurrencyMax: 1, waitingCountMax: 0)
        let request = try TestRequest.buy.signed(for: "shop")
        let first = self.start(request, on: gateway)
        for _ in 0..<5 { #expect(await gateway.send(request).status == 400) }
        self.gate.letOneGo()
        #expect(await first.value.status == 200)
        let next = self.start(request, on: gateway)
        self.gate.open()
        #expect(await next.value.status == 200)
    }

    @Test func `who came first goes first`() async throws {
        let order = Mutex<[String]>([])
        let gate = self.gate
        let gateway = TestGateway(concurrencyMax: 1, waitingCountMax: 8) { (text, _) async throws(ServiceError) in
            order.withLock { $0.append(text) }
            await gate.wait()
            return text
        }
        let texts = (0..<8).map { "\($0)" }
        let tasks = try texts.map { text in
            self.start(
                try TestRequest.json("Shop_20260101.Buy", "{\"Text\":\"\(text)\"}").signed(for: "shop"), on: gateway)
        }
        #expect(order.withLock { $0 } == ["0"])
        gate.open()
        for task in tasks { #expect(await task.value.status == 200) }
        #expect(order.withLock { $0 } == texts)
    }

    @Test func `a queue that is never empty keeps its order and its bound`() async throws {
        let gates = (0..<60).map { _ in Gate() }
        let order = Mutex<[Int]>([])
        let gateway = TestGateway(concurrencyMax: 1, waitingCountMax: 2) { (text, _) async throws(ServiceError) in
            let number = Int(text) ?? 0
            order.withLock { $0.append(number) }
            await gates[number].wait()
            return text
        }
        func start(_ number: Int) throws -> Task<Answer, Never> {
            let request = TestRequest.json("Shop_20260101.Buy", "{\"Text\":\"\(number)\"}")
            return self.start(try request.signed(for: "shop"), on: gateway)
        }
        let surplus = try TestRequest.buy.signed(for: "shop")
        var tasks = try (0..<3).map(start)
        for number in 0..<57 {
            #expect(await gateway.send(surplus).status == 400)
            gates[number].open()
            #expect(await tasks[number].value.status == 200)
            tasks.append(try start(number + 3))
        }
        for number in 57..<60 {
            gates[number].open()
            #expect(await tasks[number].value.status == 200)
        }
        #expect(order.withLock { $0 } == Array(0..<60))
    }

    @Test func `a place is given back by a handler that fails`() async throws {
        self.gate.open()
        let gateway = self.gateway(concurrencyMax: 1, waitingCountMax: 0)
        let failing = try TestRequest.json("Shop_20260101.Buy", #"{"Text":"fail"}"#).signed(for: "shop")
        for _ in 0..<3 { #expect(await gateway.send(failing).status == 410) }
        #expect(await gateway.send(try TestRequest.buy.signed(for: "shop")).status == 200)
    }

    @Test func `a client that goes leaves the queue, and its request never runs`() async throws {
        let gateway = self.gateway(concurrencyMax: 1, waitingCountMax: 1)
        let request = try TestRequest.buy.signed(for: "shop")
        let first = self.start(request, on: gateway)
        for _ in 0..<3 {
            let gone = self.start(request, on: gateway)
            #expect(await gateway.send(request).text.contains("#ThrottlingException"))
            gone.cancel()
            #expect(await gone.value.status == 499)
        }
        let last = self.start(request, on: gateway)
        #expect(self.gate.count == 1)
        self.gate.open()
        #expect(await first.value.status == 200)
        #expect(await last.value.status == 200)
        #expect(await gateway.send(request).status == 200)
    }

    @Test func `a crowd is served whole, however often the queue fills and empties`() async throws {
        self.gate.open()
        let gateway = self.gateway(concurrencyMax: 3, waitingCountMax: 1000)
        let request = try TestRequest.buy.signed(for: "shop")
        let served = await withTaskGroup { group in
            for _ in 0..<1000 { group.addTask { await gateway.send(request).status } }
            return await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
        }
        #expect(served == 1000)
    }
}
