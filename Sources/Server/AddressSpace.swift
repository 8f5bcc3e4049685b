#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The process's limit of address space (`ulimit -v`). Threads, allocators and RocksDB reserve far more addresses than
/// they use, and end the process without a word when they get none.
package enum AddressSpace {
    /// A start with less ends in a crash: one with 700 MB does on two cores.
    package static let bytesMin: UInt64 = 1 << 30

    #if canImport(Glibc)
    private static let resource = Int32(RLIMIT_AS.rawValue)
    #else
    private static let resource = RLIMIT_AS
    #endif

    /// - Throws: where a start would crash.
    static func check() throws(StartError) {
        var limit = rlimit()
        guard unsafe getrlimit(self.resource, &limit) == 0 else { return }
        if let sentence = self.refusal(limitBytes: UInt64(limit.rlim_cur)) {
            throw StartError(.configuration, sentence)
        }
    }

    /// A sentence with the remedy; nil when the limit is enough.
    package static func refusal(limitBytes: UInt64) -> String? {
        guard limitBytes < self.bytesMin else { return nil }
        return "the limit of address space (ulimit -v) is \(limitBytes >> 20) MiB, and a server needs "
            + "\(self.bytesMin >> 20): raise it. To limit the memory that is used, use a control group (MemoryMax= of "
            + "systemd, --memory of docker)"
    }
}
