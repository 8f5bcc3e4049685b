internal import Foundation

/// A blocking connection to a server on this machine; each write is sent at once.
final class LoopbackSocket {
    /// Where a server listens.
    enum Address: CustomStringConvertible {
        /// On 127.0.0.1.
        case port(UInt16)
        /// A Unix socket.
        case path(String)

        var description: String {
            switch self {
            case .port(let port): "port \(port)"
            case .path(let path): path
            }
        }
    }

    let descriptor: Int32

    /// - Parameters:
    ///   - address: the server.
    ///   - answerSecondsMax: how long one read may wait.
    /// - Throws: `BenchError` if nothing listens there.
    init(_ address: Address, answerSecondsMax: Int) throws {
        let family =
            switch address {
            case .port: AF_INET
            case .path: AF_UNIX
            }
        self.descriptor = Foundation.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard self.descriptor >= 0 else { throw BenchError.system("socket", errno) }
        var limit = timeval(tv_sec: answerSecondsMax, tv_usec: 0)
        unsafe setsockopt(
            self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let code: Int32
        switch address {
        case .port(let port): code = Self.connect(self.descriptor, port: port)
        case .path(let path): code = try Self.connect(self.descriptor, path: path)
        }
        // The descriptor is closed by deinit, here too.
        guard code == 0 else { throw BenchError.system("connecting to \(address)", errno) }
    }

    private static func connect(_ descriptor: Int32, port: UInt16) -> Int32 {
        var isOn: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe self.connect(descriptor, &address, MemoryLayout<sockaddr_in>.size)
    }

    private static func connect(_ descriptor: Int32, path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // The last byte stays zero.
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= room else { throw BenchError("the path of the socket is too long: \(path)") }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        return unsafe self.connect(descriptor, &address, MemoryLayout<sockaddr_un>.size)
    }

    private static func connect(_ descriptor: Int32, _ address: UnsafeMutableRawPointer, _ size: Int) -> Int32 {
        unsafe Foundation.connect(descriptor, address.assumingMemoryBound(to: sockaddr.self), socklen_t(size))
    }

    deinit { if self.descriptor >= 0 { close(self.descriptor) } }

    /// Returns when the kernel has taken all of it; throws where the other end is gone.
    func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let place = offset
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe Foundation.send(
                    self.descriptor, raw.baseAddress?.advanced(by: place), raw.count - place, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw BenchError.system("sending a request", errno) }
            offset += count
        }
    }

    /// Whether the other end has closed the connection, as far as is known now; for one on which nothing is due.
    var isClosedByServer: Bool {
        var byte: UInt8 = 0
        let count = unsafe recv(self.descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count >= 0 || errno != EAGAIN
    }

    /// A port that was free a moment ago, for a program that must be told one.
    static func freePort() throws -> UInt16 {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw BenchError.system("socket", errno) }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let code = unsafe bind(socket, pointer, size)
                return code == 0 ? unsafe getsockname(socket, pointer, &size) : code
            }
        }
        guard code == 0 else { throw BenchError.system("bind", errno) }
        return UInt16(bigEndian: address.sin_port)
    }
}
