import Testing
import Upstream

struct UpstreamEndpointTests {
    @Test(
        arguments: [
            ("host:80", "http://host:80", "host"), ("[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
            ("https://a.example", "https://a.example:443", "a.example"),
            ("http://10.0.0.1:81/", "http://10.0.0.1:81", "10.0.0.1:81"),
            ("unix:/run/x.sock", "unix:/run/x.sock", "localhost"), ("/run/x.sock", "unix:/run/x.sock", "localhost"),
        ] as [(String, String, String)])
    func `an endpoint reads what it writes`(_ text: String, _ written: String, _ authority: String) throws {
        let endpoint = try #require(UpstreamEndpoint(text))
        #expect(endpoint.description == written)
        #expect(endpoint.authority == authority)
        #expect(UpstreamEndpoint(written) == endpoint)
    }

    @Test(arguments: [
        "", "host", "host:", "host:0", "host:65536", "host:+1", "::1:80", "[host]:80", "u@host:80", "host:80/x",
        "ho st:80",
        "ftp://host:80", "http://", "http://host/x", "unix:x", "/" + String(repeating: "a", count: 103),
    ])
    func `what is no endpoint is refused`(_ text: String) {
        #expect(UpstreamEndpoint(text) == nil)
    }

    @Test func `an address in numbers is no name for TLS`() {
        #expect(UpstreamEndpoint("https://10.0.0.1")?.serverName == nil)
        #expect(UpstreamEndpoint("https://[::1]")?.serverName == nil)
        #expect(UpstreamEndpoint("https://1a.example")?.serverName == "1a.example")
    }
}
