internal import Crypto
internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file opened for reading, or for appending; closed when its last reference is released.
package final class OpenFile: Sendable {
    /// Bytes that are read, hashed or copied at once.
    static let pieceBytes = 4 << 20

    package let path: String
    private let descriptor: Int32

    /// Opens a file for reading.
    package init(reading path: String) throws(RegistryError) {
        self.path = path
        // A pipe that nobody writes to must not be waited for.
        self.descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard self.descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR {
                throw RegistryError(.unknown, "there is no file \(path)")
            }
            throw Disk.failure("open", path)
        }
    }

    /// Opens a file for appending; a missing file is created, accessible to the owner only.
    package init(appendingTo path: String) throws(RegistryError) {
        self.path = path
        self.descriptor = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw Disk.failure("create", path) }
    }

    deinit { close(self.descriptor) }

    package var bytes: Int64 {
        var information = stat()
        return unsafe fstat(self.descriptor, &information) == 0 ? Int64(information.st_size) : 0
    }

    package var linkCount: Int {
        var information = stat()
        return unsafe fstat(self.descriptor, &information) == 0 ? Int(information.st_nlink) : 0
    }

    /// Locks the file for this process, until it is closed.
    /// - Returns: false when another process holds the lock.
    func lock() throws(RegistryError) -> Bool {
        if flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw Disk.failure("lock", self.path) }
        return false
    }

    /// Whether its path still refers to this file.
    var isStillNamed: Bool {
        var information = stat()
        guard unsafe fstat(self.descriptor, &information) == 0, let facts = Files.facts(self.path) else { return false }
        return facts.inode == UInt64(information.st_ino) && facts.device == UInt64(information.st_dev)
    }

    package func append(_ bytes: ArraySlice<UInt8>) throws(RegistryError) {
        try Disk.append(bytes, to: self.descriptor, self.path)
    }

    /// Truncates the file; the next append continues there.
    package func truncate(to bytes: Int64) throws(RegistryError) {
        guard ftruncate(self.descriptor, off_t(bytes)) == 0 else { throw Disk.failure("cut", self.path) }
    }

    package func sync() throws(RegistryError) {
        guard fsync(self.descriptor) == 0 else { throw Disk.failure("sync", self.path) }
    }

    /// Passes the file to `body` in pieces, from its beginning.
    /// - Parameters:
    ///   - progress: called with the bytes done so far, after each piece.
    ///   - body: called with each piece.
    /// - Throws: an error of `body`, or `.disk`.
    package func forEachPiece(
        _ progress: (Int64) -> Void = { _ in }, _ body: (ArraySlice<UInt8>) throws(RegistryError) -> Void
    ) throws(RegistryError) {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        var done: Int64 = 0
        while true {
            let offset = done
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe pread(self.descriptor, $0.baseAddress, $0.count, off_t(offset))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Disk.failure("read", self.path) }
            if count == 0 { return }
            try body(piece[..<count])
            done += Int64(count)
            progress(done)
        }
    }

    /// The first bytes of the file; fewer if it is shorter.
    package func first(_ count: Int) throws(RegistryError) -> [UInt8] {
        try self.piece(at: 0, count: count)
    }

    /// Bytes from an offset on; fewer if the file ends earlier.
    package func piece(at offset: Int64, count: Int) throws(RegistryError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let place = done
            let step = unsafe bytes.withUnsafeMutableBytes { raw in
                unsafe pread(
                    self.descriptor, raw.baseAddress?.advanced(by: place), count - place, off_t(offset) + off_t(place))
            }
            if step < 0 && errno == EINTR { continue }
            guard step >= 0 else { throw Disk.failure("read", self.path) }
            if step == 0 { break }
            done += step
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// The digest of the file's content.
    package func digest(_ progress: (Int64) -> Void = { _ in }) throws(RegistryError) -> ContentDigest {
        var hash = SHA256()
        try self.forEachPiece(progress) { piece in hash.update(data: piece) }
        return ContentDigest(hash.finalize())
    }

    /// Writes a copy, which is durable when this returns.
    /// - Returns: the digest of the copied content.
    package func copy(
        to target: String, _ progress: (Int64) -> Void = { _ in }
    ) throws(RegistryError) -> ContentDigest {
        let copy = try OpenFile(appendingTo: target)
        try copy.truncate(to: 0)
        var hash = SHA256()
        try self.forEachPiece(progress) { (piece) throws(RegistryError) in
            hash.update(data: piece)
            try copy.append(piece)
        }
        try copy.sync()
        return ContentDigest(hash.finalize())
    }
}
