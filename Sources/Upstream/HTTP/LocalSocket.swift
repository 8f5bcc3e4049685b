internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Connects to a server of this machine without waiting for an event loop.
///
/// The kernel makes such a connection within `connect`, if a server listens and has room for it. NIO would register the
/// socket first and be told on a later turn of its event loop: every request behind this one on the loop would be
/// prepared before this one is sent.
enum LocalSocket {
    /// Whether the address is of this machine: a Unix socket, or of the loopback.
    static func isLocal(_ address: SocketAddress) -> Bool {
        switch address {
        case .unixDomainSocket: true
        case .v4: address.ipAddress?.hasPrefix("127.") ?? false
        case .v6: address.ipAddress == "::1"
        }
    }

    /// Does not block.
    ///
    /// On Linux only: elsewhere NIO may fail without closing a socket that it is given.
    /// - Returns: a connected socket, which the caller owns; nil where the connection was not made at once.
    static func connected(to address: SocketAddress) -> CInt? {
        #if os(Linux)
        let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(CInt(address.protocol.rawValue), type, 0)
        guard descriptor >= 0 else { return nil }
        let code = unsafe address.withSockAddr { unsafe connect(descriptor, $0, socklen_t($1)) }
        guard code == 0 || (errno == EINPROGRESS && self.isConnected(descriptor)) else {
            close(descriptor)
            return nil
        }
        return descriptor
        #else
        return nil
        #endif
    }

    #if os(Linux)
    /// Whether a connection in progress is made by now.
    private static func isConnected(_ descriptor: CInt) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&state, 1, 0) == 1, state.revents & Int16(POLLERR | POLLHUP) == 0 else { return false }
        var fault: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &size) == 0 && fault == 0
    }
    #endif
}
