internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Releases the memory of code that only the start runs: opening the store, making keys and certificates, reading
/// schemas.
enum StartUpMemory {
    /// Drops the program's code pages from this process's memory; those that are run again are mapped back from the
    /// page cache.
    ///
    /// Linux maps code in pieces of 64 KiB around what is run and keeps it while memory is plentiful: a third of an
    /// idle server's resident memory is code of its start. Only private executable mappings are touched. They are never
    /// written, so nothing can be lost. Best effort: a failure leaves things as they are.
    static func giveBack() {
        #if os(Linux)
        guard let bytes = try? Files.read("/proc/self/maps") else { return }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: true)
            // Address range, permissions, offset, device, inode, path.
            guard words.count == 6, words[1] == "r-xp", words[5].hasPrefix("/") else { continue }
            let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1], let start = unsafe UnsafeMutableRawPointer(bitPattern: ends[0])
            else {
                continue
            }
            unsafe madvise(start, Int(ends[1] - ends[0]), MADV_DONTNEED)
        }
        #endif
    }
}
