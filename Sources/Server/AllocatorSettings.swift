#if canImport(Glibc)
internal import CAllocator
#endif

/// glibc's `malloc` settings for large blocks. They matter only in builds without the trait `Mimalloc`, such as the
/// static one.
enum AllocatorSettings {
    /// Blocks of this size or more get a mapping of their own (`M_MMAP_THRESHOLD`). A full page of Query or Scan is 1.3
    /// MB of JSON, and as much again on its way to the socket.
    private static let mappedBytesMin: Int32 = 4 << 20
    /// Free memory at the end of a heap that is kept rather than returned to the kernel (`M_TRIM_THRESHOLD`).
    private static let keptBytesMax: Int32 = 8 << 20

    /// Lets large answers reuse the memory of earlier ones.
    ///
    /// By default glibc returns blocks of this size to the kernel as soon as they are freed, and the next answer takes
    /// some hundred page faults: a quarter of a Scan's time.
    static func keepForLargeAnswers() {
        #if canImport(Glibc)
        mallopt(M_MMAP_THRESHOLD, self.mappedBytesMin)
        mallopt(M_TRIM_THRESHOLD, self.keptBytesMax)
        #endif
    }
}
