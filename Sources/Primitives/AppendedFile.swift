#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file that stays open for appending; created when it does not exist.
package final class AppendedFile: Sendable {
    private let path: String
    private let descriptor: Int32

    package init(_ path: String) throws(FileError) {
        self.path = path
        self.descriptor = try Files.open(path, O_WRONLY | O_APPEND | O_CREAT)
    }

    deinit { close(self.descriptor) }

    /// Appends all of `bytes`, or none of them if the disk becomes full, provided that nobody else appends. They are
    /// with the operating system when this returns, not yet on the disk. Blocks the thread.
    package func append(_ bytes: [UInt8]) throws(FileError) {
        var writtenCount = 0
        do throws(FileError) {
            try Files.write(bytes[...], to: self.descriptor, self.path, writtenCount: &writtenCount)
        } catch {
            if writtenCount > 0 {
                let end = lseek(self.descriptor, 0, SEEK_END)
                // Best effort: the error that is thrown matters more.
                _ = ftruncate(self.descriptor, end - off_t(writtenCount))
            }
            throw error
        }
    }

    /// Returns once what was appended is on the disk. Blocks the thread.
    package func sync() throws(FileError) {
        guard fsync(self.descriptor) == 0 else { throw .last("sync", self.path) }
    }
}
