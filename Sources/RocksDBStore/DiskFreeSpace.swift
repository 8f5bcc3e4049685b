#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Asks the file system for its free space, as `df` does.
package struct DiskFreeSpace: FreeSpaceProbe {
    package init() {}

    package func freeBytes(at path: String) -> UInt64? {
        var information = statvfs()
        guard unsafe statvfs(path, &information) == 0 else { return nil }
        return UInt64(information.f_bavail) * UInt64(information.f_frsize)
    }
}
