#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Wakes a thread that sleeps in `poll`, where it also watches its connection. A call before the sleep is not lost;
/// several calls count as one.
final class PollWaker: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        let status = unsafe ends.withUnsafeMutableBufferPointer { unsafe pipe($0.baseAddress) }
        precondition(status == 0, "the process has no file descriptor left: raise its limit of open files")
        self.readEnd = ends[0]
        self.writeEnd = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(self.readEnd)
        close(self.writeEnd)
    }

    func wake() {
        var byte: UInt8 = 1
        // If the pipe is full, a call is already pending.
        _ = unsafe write(self.writeEnd, &byte, 1)
    }

    /// Sleeps until `wake` is called, the descriptor is readable, or the time is over. Blocks.
    ///
    /// - Parameters:
    ///   - descriptor: the socket to watch; nil for none.
    ///   - milliseconds: the timeout; nil for none.
    /// - Returns: whether the descriptor is readable, or its peer has closed it.
    func wait(watching descriptor: Int32?, milliseconds: Int32?) -> Bool {
        var watched = [pollfd(fd: self.readEnd, events: Int16(POLLIN), revents: 0)]
        if let descriptor { watched.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
        let count = nfds_t(watched.count)
        _ = unsafe watched.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, count, milliseconds ?? -1) }
        if watched[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            while unsafe bytes.withUnsafeMutableBytes({ unsafe read(self.readEnd, $0.baseAddress, $0.count) }) == 64 {}
        }
        return watched.count > 1 && watched[1].revents != 0
    }
}
