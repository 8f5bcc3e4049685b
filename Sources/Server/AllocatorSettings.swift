#if canImport(Glibc)
internal import CAllocator
#endif

/// What glibc's allocator does with large blocks. Only builds without the trait `Mimalloc`, such as the static one, use
/// it; in others this has no effect.
enum AllocatorSettings {
    /// Blocks from this size on are mapped and unmapped one by one. A full page of Query or Scan is 1.3 MB of JSON, and
    /// as much again on its way to the socket.
    private static let mappedBytesMin: Int32 = 4 << 20
    /// Free memory at the end of a heap that is kept for the next block.
    private static let keptBytesMax: Int32 = 8 << 20

    /// Lets large answers use the memory of those before them.
    ///
    /// By itself glibc gives a block of this size back to the kernel as soon as it is freed, and the next answer meets
    /// some hundred page faults: a quarter of a Scan's time.
    static func keepForLargeAnswers() {
        #if canImport(Glibc)
        mallopt(M_MMAP_THRESHOLD, self.mappedBytesMin)
        mallopt(M_TRIM_THRESHOLD, self.keptBytesMax)
        #endif
    }
}
