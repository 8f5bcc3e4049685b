#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Files of settings: read whole, up to a bound.
enum SmallFile {
    enum Fault: Error {
        case unreadable(code: Int32)
        case tooLong
    }

    /// Blocks the thread for as long as the disk takes; only for small files that are read seldom.
    static func read(_ path: String, bytesMax: Int) throws(Fault) -> [UInt8] {
        let descriptor = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw .unreadable(code: errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        var count = 0
        while count < bytes.count {
            let (got, code) = unsafe bytes.withUnsafeMutableBytes { buffer in
                let got = unsafe Self.read(descriptor, buffer.baseAddress, offset: count, buffer.count - count)
                return (got, errno)
            }
            if got == 0 { break }
            guard got > 0 else {
                if code == EINTR { continue }
                throw .unreadable(code: code)
            }
            count += got
        }
        guard count <= bytesMax else { throw .tooLong }
        bytes.removeSubrange(count...)
        return bytes
    }

    private static func read(_ descriptor: Int32, _ base: UnsafeMutableRawPointer?, offset: Int, _ count: Int) -> Int {
        guard let base = unsafe base else { return 0 }
        #if canImport(Glibc)
        return unsafe Glibc.read(descriptor, base + offset, count)
        #elseif canImport(Musl)
        return unsafe Musl.read(descriptor, base + offset, count)
        #else
        return unsafe Darwin.read(descriptor, base + offset, count)
        #endif
    }
}
