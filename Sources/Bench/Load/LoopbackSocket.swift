internal import Foundation

/// A blocking connection to a port of this machine, on which each write leaves at once.
final class LoopbackSocket {
    let descriptor: Int32

    /// - Parameters:
    ///   - port: where something listens on 127.0.0.1.
    ///   - answerSecondsMax: how long one read may wait.
    /// - Throws: `BenchError` where nobody listens.
    init(port: UInt16, answerSecondsMax: Int) throws {
        self.descriptor = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard self.descriptor >= 0 else { throw BenchError.system("socket", errno) }
        var isOn: Int32 = 1
        unsafe setsockopt(
            self.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: answerSecondsMax, tv_usec: 0)
        unsafe setsockopt(
            self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Foundation.connect(descriptor, $0, size)
            }
        }
        // The descriptor is closed by deinit, here too.
        guard code == 0 else { throw BenchError.system("connecting to port \(port)", errno) }
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
