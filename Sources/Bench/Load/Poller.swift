internal import Foundation

/// Tells which connections have something to read, by `poll`: Swift's view of the C library has no `epoll`, and the
/// time it costs is spent on the core of the load.
struct Poller {
    private var entries: [pollfd] = []

    /// Watches a socket; `wait` calls it by the number of sockets added before.
    mutating func add(_ socket: Int32) {
        self.entries.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
    }

    /// Calls `body` for each socket that is ready.
    /// - Returns: how many there were; 0 when the time was up.
    mutating func wait(milliseconds: Int32, _ body: (_ index: Int) throws -> Void) throws -> Int {
        let count = unsafe poll(&self.entries, nfds_t(self.entries.count), milliseconds)
        if count < 0 {
            guard errno == EINTR else { throw BenchError.system("poll", errno) }
            return 1
        }
        var seenCount = 0
        for index in self.entries.indices where self.entries[index].revents != 0 {
            try body(index)
            seenCount += 1
            if seenCount == count { break }
        }
        return Int(count)
    }
}
