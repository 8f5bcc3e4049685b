import Primitives
import Synchronization
import Testing
import Upstream

/// Answers questions by a table of names and types.
private final class FakeDNS: DNSTransport {
    struct Question: Hashable {
        let name: String
        let type: UInt16
    }

    private let table: Mutex<[Question: [[UInt8]]]>
    private let asked = Mutex<[Question]>([])
    /// Does not fit a datagram.
    let isLong: Bool

    init(_ table: [Question: [[UInt8]]], isLong: Bool = false) {
        self.table = Mutex(table)
        self.isLong = isLong
    }

    var questions: [Question] { self.asked.withLock { $0 } }
    func set(_ question: Question, _ records: [[UInt8]]?) { self.table.withLock { $0[question] = records } }

    func ask(
        _ question: [UInt8], _ server: ResolverSettings.Server, isStream: Bool, timeout: Duration
    ) async -> [UInt8]? {
        guard server.host != "silent" else { return nil }
        var index = 12
        var labels: [String] = []
        while question[index] > 0 {
            let end = index + 1 + Int(question[index])
            labels.append(String(decoding: question[index + 1..<end], as: UTF8.self))
            index = end
        }
        let asked = Question(name: labels.joined(separator: "."), type: UInt16(question[index + 2]))
        self.asked.withLock { $0.append(asked) }
        if self.isLong, !isStream { return DNSText.answer(to: question, isCut: true, []) }
        guard let records = self.table.withLock({ $0[asked] }) else { return DNSText.answer(to: question, code: 3, []) }
        return DNSText.answer(to: question, records)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct DNSDiscoveryTests {
    private func discovery(
        _ dns: FakeDNS, _ name: String = "node", _ kind: DNSDiscovery.Kind = .addresses(port: 80),
        servers: [String] = ["ok"],
        search: [String] = [], time: SteadyTime = .system
    ) -> DNSDiscovery {
        let settings = ResolverSettings(
            servers: servers.map { ResolverSettings.Server(host: $0) }, search: search.compactMap { DNSName($0) })
        return DNSDiscovery(
            name, kind, settings: { settings }, transport: dns, random: SeededRandomSource(seed: 1), time: time)
    }

    private func first(_ discovery: DNSDiscovery) async -> DiscoveryUpdate? {
        var iterator = discovery.makeAsyncIterator()
        return await iterator.next()
    }

    private func node(_ number: UInt8, _ name: String = "node") -> UpstreamEndpoint {
        UpstreamEndpoint(address: .tcp(host: "10.0.0.\(number)", port: 80), name: name)
    }

    private let pointer: [UInt8] = [0xC0, 12]

    @Test(arguments: [false, true])
    func `every address of a name is an endpoint, over TCP where there are many`(_ isLong: Bool) async {
        let dns = FakeDNS(
            [.init(name: "node", type: 1): [1, 2].map { DNSText.record(self.pointer, 1, [10, 0, 0, $0]) }],
            isLong: isLong)
        #expect(await self.first(self.discovery(dns)) == .endpoints(.of([self.node(1), self.node(2)])))
    }

    @Test func `a server that is silent is passed over`() async {
        let dns = FakeDNS([.init(name: "node", type: 1): [DNSText.record(self.pointer, 1, [10, 0, 0, 1])]])
        let discovery = self.discovery(dns, servers: ["silent", "ok"])
        #expect(await self.first(discovery) == .endpoints(.of([self.node(1)])))
        let none = self.discovery(dns, servers: ["silent"])
        #expect(await self.first(none) == .failed("no server of names answered for node"))
    }

    @Test func `a short name is looked for in the search list`() async {
        let dns = FakeDNS([.init(name: "node.svc.local", type: 1): [DNSText.record(self.pointer, 1, [10, 0, 0, 1])]])
        let discovery = self.discovery(dns, search: ["other.local", "svc.local"])
        #expect(await self.first(discovery) == .endpoints(.of([self.node(1)])))
        #expect(dns.questions.prefix(2).map(\.name) == ["node.other.local", "node.svc.local"])
        let absolute = self.discovery(dns, "node.", search: ["svc.local"])
        #expect(await self.first(absolute) == .failed("there is no name node."))
    }

    @Test func `services bring their own ports, weights and priorities`() async {
        let service: [UInt8] = [0, 1, 0, 5, 0, 80] + DNSText.name("a.local")
        let dns = FakeDNS([
            .init(name: "_http._tcp.local", type: 33): [DNSText.record(self.pointer, 33, service)],
            .init(name: "a.local", type: 1): [DNSText.record(self.pointer, 1, [10, 0, 0, 9])],
        ])
        let found = await self.first(self.discovery(dns, "_http._tcp.local", .services))
        let expected = EndpointSet([DiscoveredEndpoint(self.node(9, "a.local"), weight: 5, priority: 1)])
        #expect(found == expected.map { .endpoints($0) })
    }

    @Test func `a target that is gone does not hide the others`() async {
        func service(_ target: String) -> [UInt8] {
            DNSText.record(self.pointer, 33, [0, 1, 0, 5, 0, 80] + DNSText.name(target))
        }
        let question = FakeDNS.Question(name: "_http._tcp.local", type: 33)
        let dns = FakeDNS([
            question: [service("gone.local"), service("a.local")],
            .init(name: "a.local", type: 1): [DNSText.record(self.pointer, 1, [10, 0, 0, 9])],
        ])
        let found = await self.first(self.discovery(dns, "_http._tcp.local", .services))
        let expected = EndpointSet([DiscoveredEndpoint(self.node(9, "a.local"), weight: 5, priority: 1)])
        #expect(found == expected.map { .endpoints($0) })
        dns.set(question, [service("gone.local")])
        let none = await self.first(self.discovery(dns, "_http._tcp.local", .services))
        #expect(none == .failed("there is no name gone.local."))
    }

    @Test func `aliases that run in a circle have no address`() async {
        let dns = FakeDNS([.init(name: "node", type: 1): [DNSText.record(self.pointer, 5, self.pointer)]])
        #expect(await self.first(self.discovery(dns)) == .failed("nothing is recorded for node"))
    }

    @Test func `an answer is asked for again when its time is over`() async {
        let time = ManualTime()
        let question = FakeDNS.Question(name: "node", type: 1)
        let dns = FakeDNS([question: [DNSText.record(self.pointer, 1, seconds: 7, [10, 0, 0, 1])]])
        var iterator = self.discovery(dns, time: time.time).makeAsyncIterator()
        #expect(await iterator.next() == .endpoints(.of([self.node(1)])))
        dns.set(question, nil)
        async let moved: Void = {
            await time.sleepers(1)
            time.advance(.seconds(7))
        }()
        #expect(await iterator.next() == .failed("there is no name node"))
        await moved
    }
}

struct ResolverSettingsTests {
    @Test func `resolv.conf is read as the C library reads it`() {
        let settings = ResolverSettings(
            text: """
                # made by Docker
                nameserver 127.0.0.11
                nameserver ::1
                nameserver 1.1.1.1
                nameserver 8.8.8.8
                search a.local b.local wrong..name
                options ndots:5 timeout:2 attempts:9 edns0
                """)
        #expect(settings.servers.map(\.host) == ["127.0.0.11", "::1", "1.1.1.1"])
        #expect(settings.search.map(\.description) == ["a.local", "b.local"])
        #expect(settings.dots == 5)
        #expect(settings.timeout == .seconds(2))
        #expect(settings.attempts == 5)
        #expect(ResolverSettings(text: "").servers.map(\.host) == ["127.0.0.1"])
    }
}
