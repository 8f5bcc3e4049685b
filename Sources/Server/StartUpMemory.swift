internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The code that only a start runs: opening the store, making keys and certificates, reading schemas.
enum StartUpMemory {
    /// Takes the program's code out of this process's memory; what is run again comes back from the file by itself.
    ///
    /// Linux maps code in pieces of 64 KiB around what is run, and never lets go of it while memory is plentiful: a
    /// third of what an idle server is seen to use is code of its start. Only mappings that are executable and private
    /// are touched: nothing is ever written there, so nothing is lost. A failure only leaves things as they are.
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
