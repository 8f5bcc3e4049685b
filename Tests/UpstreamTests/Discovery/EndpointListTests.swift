import Primitives
import Testing
import Upstream

struct EndpointListTests {
    @Test func `each line names an endpoint and what is known of it`() throws {
        let set = try EndpointList.parse(
            """
            # nodes
            http://10.0.0.2:80 weight=2 priority=1 zone=b  # the second

            unix:/run/a.sock
            http://10.0.0.1:80\tname=x=y
            """)
        #expect(
            set.endpoints == [
                DiscoveredEndpoint(.node(1), labels: ["name": "x=y"]),
                DiscoveredEndpoint(.node(2), weight: 2, priority: 1, labels: ["zone": "b"]),
                DiscoveredEndpoint(UpstreamEndpoint(address: .unix(path: "/run/a.sock"))),
            ])
        #expect(try EndpointList.parse("").endpoints.isEmpty)
        // As editors of Windows write it.
        #expect(try EndpointList.parse("\u{FEFF}http://10.0.0.1:80\r\n").endpoints == [DiscoveredEndpoint(.node(1))])
    }

    @Test(
        arguments: [
            ("http://a:1\nnonsense", 2, "an endpoint is written http://host:port, https://host:port or unix:/path"),
            ("a:1 weight=0", 1, "weight is a number from 1 to 65535"),
            ("a:1 weight=65536", 1, "weight is a number from 1 to 65535"),
            ("a:1 priority=-1", 1, "priority is a number from 0 to 65535"),
            ("a:1 x", 1, "behind the endpoint stand pairs such as weight=2"),
            ("a:1 =x", 1, "behind the endpoint stand pairs such as weight=2"),
            ("\n\na:1 b=c b=d", 3, "a label stands there twice"),
            ("a:1\na:1", 2, "http://a:1 stands there twice"),
        ] as [(String, Int, String)])
    func `what is wrong is told with its line`(_ text: String, _ line: Int, _ sentence: String) {
        #expect(throws: EndpointList.Fault(line: line, sentence: sentence)) { try EndpointList.parse(text) }
    }

    @Test func `so many endpoints are taken, and no more`() throws {
        let lines = (0..<1025).map { "a\($0):1" }
        #expect(try EndpointList.parse(lines.dropLast().joined(separator: "\n")).endpoints.count == 1024)
        #expect(throws: EndpointList.Fault(line: 1, sentence: "there are more than 1024 endpoints")) {
            try EndpointList.parse(lines.joined(separator: "\n"))
        }
    }

    @Test func `any text is read or refused`() {
        let random = SeededRandomSource(seed: 5)
        let parts = ["http://", "a", ":", "80", " ", "\n", "=", "weight", "#", "[::1]", "/", "é", "\t", "\r"]
        for _ in 0..<5000 {
            let text = (0..<Int(random.next() % 12)).map { _ in parts[Int(random.next() % UInt64(parts.count))] }
                .joined()
            _ = try? EndpointList.parse(text)
        }
    }
}
