/// Carries one request to a container engine.
package protocol EngineTransport: Sendable {
    /// - Returns: once the answer's head is there.
    func send(_ request: EngineRequest) async throws(ContainerEngineError) -> any EngineReply
}

/// A request of the Engine's API.
package struct EngineRequest: Sendable, Equatable {
    package var method: String
    /// With version and query.
    package var target: String
    package var body: [UInt8]?
    package var contentType: String
    /// Whether the answer may rest for as long as nothing happens, as logs do.
    package var isEndless: Bool

    package init(
        _ method: String, _ target: String, body: [UInt8]? = nil, contentType: String = "application/json",
        isEndless: Bool = false
    ) {
        self.method = method
        self.target = target
        self.body = body
        self.contentType = contentType
        self.isEndless = isEndless
    }
}

/// An answer whose body comes in pieces, perhaps without end.
package protocol EngineReply: Sendable {
    var status: Int { get }
    /// A field of the head, its name in any case.
    func header(_ name: String) -> String?
    /// The next bytes; nil at the end.
    func next() async throws(ContainerEngineError) -> [UInt8]?
    /// Ends the connection. To be called once nobody reads any more.
    func close()
}
