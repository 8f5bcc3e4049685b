internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The status of the server on a data directory.
package struct ServerStatus: Sendable, Equatable {
    package var isRunning: Bool
    package var isReady: Bool
    package var endpoint: String?
    package var address: ServerAddress?
    /// One sentence with more detail.
    package var detail: String

    /// The status as text for people.
    package var lines: [String] {
        guard self.isRunning else { return [self.detail] }
        return [
            self.address.map { "brume \($0.version) is running as process \($0.processID)" } ?? "a server is running",
            "endpoint  \(self.endpoint ?? "")",
            "ready     \(self.isReady ? "yes" : "no: \(self.detail)")",
        ]
    }
}

/// Asks a running server for its status, over plain HTTP on the loopback interface.
package enum ServerProbe {
    /// The time limit for connecting, and for answering, in seconds each.
    static let timeoutSeconds = 3

    package static func address(_ configuration: Configuration) -> ServerAddress? {
        let path = DataDirectory(path: configuration.dataDirectory).serverFile
        // Without a readable file no server is known to run here.
        guard let bytes = try? Files.read(path) else { return nil }
        let address = ServerAddress(text: String(decoding: bytes, as: UTF8.self))
        return address.flatMap { ProcessEnvironment.isRunning($0.processID) ? $0 : nil }
    }

    /// The server's status; `port` is asked instead of the port that the data directory names.
    package static func status(_ configuration: Configuration, port: Int? = nil) -> ServerStatus {
        let address = self.address(configuration)
        guard let port = port ?? address?.port else {
            if let orphan = self.orphan(configuration) { return orphan }
            return ServerStatus(
                isRunning: false,
                isReady: false,
                detail: "no server is running on \(configuration.dataDirectory); start one with `brume start`"
            )
        }
        let host = address?.host ?? "127.0.0.1"
        let answersPlaintext =
            address.flatMap { $0.port == port ? $0.answersPlaintext : nil } ?? configuration.allowsPlaintext
        let endpoint = "http\(answersPlaintext ? "" : "s")://\(address?.clientHost ?? "localhost"):\(port)"
        guard answersPlaintext else {
            let answers = self.isAnswering(port: port, host: host)
            return ServerStatus(
                isRunning: answers,
                isReady: answers,
                endpoint: endpoint,
                address: address,
                detail: answers ? "port \(port) answers" : "nothing answers on port \(port)"
            )
        }
        guard let answer = self.get("/readyz", host: host, port: port) else {
            return ServerStatus(
                isRunning: false,
                isReady: false,
                endpoint: endpoint,
                address: address,
                detail: "nothing answers on port \(port)"
            )
        }
        return ServerStatus(
            isRunning: true,
            isReady: answer.status == 200,
            endpoint: endpoint,
            address: address,
            detail: answer.body
        )
    }

    /// A server whose data directory was removed, together with the file that names the server: the one on the
    /// configured port, if it says so itself.
    private static func orphan(_ configuration: Configuration) -> ServerStatus? {
        let directory = DataDirectory(path: configuration.dataDirectory)
        guard Files.facts(directory.path) == nil, configuration.allowsPlaintext,
            let answer = self.get("/readyz", host: configuration.ownHost, port: configuration.port),
            [true, false].contains(where: { answer.body == directory.loss(hasStore: $0) })
        else { return nil }
        let host = ServerAddress.clientHost(configuration.ownHost)
        return ServerStatus(
            isRunning: true, isReady: false, endpoint: "http://\(host):\(configuration.port)", detail: answer.body)
    }

    /// Whether a TCP port of this machine accepts connections.
    static func isAnswering(port: Int, host: String = "127.0.0.1") -> Bool {
        let descriptor = self.connection(host: host, port: port)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    private static func get(_ path: String, host: String, port: Int) -> (status: Int, body: String)? {
        let descriptor = self.connection(host: host, port: port)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        let sent = unsafe request.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == request.count else { return nil }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        // The time limit of the socket is one for each piece.
        let deadline = ContinuousClock.now + .seconds(self.timeoutSeconds)
        while bytes.count < 1 << 16, ContinuousClock.now < deadline {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            bytes.append(contentsOf: piece[..<count])
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count == 3, let status = Int(parts[1]) else { return nil }
        let body = text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
        return (status, body.harmless.split(separator: "\n").joined(separator: " "))
    }

    /// A connected socket, or -1. A wildcard address means this machine.
    private static func connection(host: String, port: Int) -> Int32 {
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = four.sin_port
        if unsafe inet_pton(AF_INET6, host == "::" ? "::1" : host, &six.sin6_addr) == 1 {
            return self.connect(&six, AF_INET6)
        }
        if unsafe inet_pton(AF_INET, host == "0.0.0.0" ? "127.0.0.1" : host, &four.sin_addr) == 1 {
            return self.connect(&four, AF_INET)
        }
        return self.connection(name: host, port: port)
    }

    /// A socket connected to the first of a name's addresses that accepts, or -1.
    private static func connection(name: String, port: Int) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, String(port), &hints, &found) == 0 else { return -1 }
        defer { unsafe freeaddrinfo(found) }
        var next = unsafe found
        while let address = unsafe next {
            let family = unsafe address.pointee.ai_family
            let descriptor = unsafe self.connect(address.pointee.ai_addr, address.pointee.ai_addrlen, family)
            if descriptor >= 0 { return descriptor }
            unsafe next = address.pointee.ai_next
        }
        return -1
    }

    private static func connect<Address>(_ address: inout Address, _ family: Int32) -> Int32 {
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe self.connect($0, socklen_t(MemoryLayout<Address>.size), family)
            }
        }
    }

    private static func connect(_ address: UnsafePointer<sockaddr>, _ size: socklen_t, _ family: Int32) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        var timeout = timeval(tv_sec: self.timeoutSeconds, tv_usec: 0)
        let timeoutSize = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe setsockopt(descriptor, SOL_SOCKET, option, &timeout, timeoutSize)
        }
        if unsafe connectSocket(descriptor, address, size) != 0 {
            close(descriptor)
            return -1
        }
        return descriptor
    }
}

/// `connect(2)`, whose name is hidden by the method above.
private func connectSocket(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
    unsafe connect(descriptor, address, size)
}

extension String {
    /// Text of another process without control characters other than tabs and line ends, so that it cannot move a
    /// terminal's cursor or change its colours.
    var harmless: String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
        }
        return String(String.UnicodeScalarView(self.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }
}
