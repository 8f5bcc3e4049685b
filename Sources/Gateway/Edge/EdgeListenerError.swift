/// Why the server could not listen.
package enum EdgeListenerError: Error, Sendable, Equatable {
    /// Another process listens on this port.
    case addressInUse(host: String, port: Int)
    /// Two of the hosts are the same address, or one of them is the wildcard address of the other's family.
    case listedTwice(host: String, other: String)
    /// The process may not bind this port; ports below 1024 need a privilege.
    case permissionDenied(host: String, port: Int)
    /// The host is not an address of this machine.
    case addressNotAvailable(host: String, port: Int)
    /// The host name cannot be resolved.
    case unknownHost(String)
    /// Anything else, with the system's words.
    case failed(host: String, port: Int, reason: String)
}

extension EdgeListenerError: CustomStringConvertible {
    /// What is wrong and how to mend it, in one sentence.
    package var description: String {
        switch self {
        case .addressInUse(let host, let port):
            "\(host):\(port) is in use by another process: stop it, or choose another port."
        case .listedTwice(let host, let other):
            "host names \(host) and \(other), which overlap: leave one of them out."
        case .permissionDenied(let host, let port):
            "This process may not listen on \(host):\(port): choose a port from 1024 up, or grant it the right."
        case .addressNotAvailable(let host, let port):
            "\(host):\(port) is not an address of this machine: use 127.0.0.1, 0.0.0.0 or one of its own addresses."
        case .unknownHost(let host):
            "The host name \(host) has no address: check its spelling."
        case .failed(let host, let port, let reason):
            "Cannot listen on \(host):\(port): \(reason)."
        }
    }
}
