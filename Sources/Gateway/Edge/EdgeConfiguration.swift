package import Primitives

/// The settings of a listener.
package struct EdgeConfiguration: Sendable {
    /// Host names or numeric addresses to listen on, all with the same port.
    package var hosts: [String]
    /// 0 takes a free port; `EdgeListener.port` says which.
    package var port: Int
    /// Event loops, each on a thread of its own; at least 1.
    package var loopCount: Int
    /// Where TLS certificates come from; nil refuses TLS.
    package var certificates: CertificateStore?
    /// Whether requests without TLS are answered.
    package var allowsPlaintext: Bool
    package var limits: EdgeLimits
    /// The memory for large request bodies; listeners of one process share it.
    package var bodies: BodyBudget
    /// The memory for large answers; shared like that for bodies.
    package var answers: BodyBudget
    /// For the `Date` header.
    package var clock: any WallClock

    package init(
        hosts: [String] = ["127.0.0.1"], port: Int, loopCount: Int = 1, certificates: CertificateStore? = nil,
        allowsPlaintext: Bool = true, limits: EdgeLimits = EdgeLimits(), bodies: BodyBudget? = nil,
        answers: BodyBudget? = nil, clock: any WallClock = SystemClock()
    ) {
        precondition(loopCount > 0, "a listener needs an event loop")
        precondition(!hosts.isEmpty, "a listener needs a host")
        self.hosts = hosts
        self.port = port
        self.loopCount = loopCount
        self.certificates = certificates
        self.allowsPlaintext = allowsPlaintext
        self.limits = limits
        self.bodies = bodies ?? BodyBudget(limits)
        self.answers = answers ?? BodyBudget(answersOf: limits)
        self.clock = clock
    }
}
