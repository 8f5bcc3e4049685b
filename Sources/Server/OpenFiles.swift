#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The process's limit of open files, and how many of them connections may use.
///
/// A listener at the limit cannot even refuse a connection: the client would wait in the kernel's queue. So the edge's
/// limit of connections, beyond which new ones are closed at once, is kept below it.
package enum OpenFiles {
    /// The soft limit is raised to the hard one, up to this.
    package static let countMax = 65_536
    /// Descriptors kept free for everything else: the store's 512 tables, its log and lock, the access log, the event
    /// loops, and connections that are closed right after accept.
    package static let reserveCount = 700

    #if canImport(Glibc)
    private static let resource = Int32(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif

    /// Raises the soft limit to `countMax`, or as far as the hard limit allows.
    /// - Returns: the limit in force.
    package static func raiseLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(self.resource, &limit) == 0 else { return self.countMax }
        let wanted = min(limit.rlim_max, rlim_t(self.countMax))
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = wanted
            if unsafe setrlimit(self.resource, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many connections may be open at once under a limit of open files; at least a quarter of the limit.
    package static func connectionCountMax(openFiles: Int, wanted: Int) -> Int {
        min(wanted, max(openFiles - self.reserveCount, openFiles / 4))
    }
}
