internal import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Reads the head of a file from its beginning, in pieces: only one piece and the requested text are in memory, and no
/// memory is allocated for what the file is too short to contain.
struct GGUFCursor: ~Copyable {
    /// Bytes that are read from the file at once.
    private static let pieceBytes = 1 << 18

    let path: String
    /// The size of the whole file.
    let fileBytes: UInt64
    /// What is being read, for error messages.
    var place = "the header"
    /// The offset of the next byte in the file.
    private(set) var offset: UInt64 = 0

    private let descriptor: Int32
    /// The current piece; the first `used` bytes of it lie before `offset`.
    private var piece: [UInt8] = []
    private var used = 0

    init(path: String) throws(GGUFError) {
        // A pipe that nobody writes to must not be waited for.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.unreadable("opened", path) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else {
            let error = Self.unreadable("inspected", path)
            close(descriptor)
            throw error
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw GGUFError(.unreadable(errno: EINVAL), path: path, "this is not a regular file")
        }
        let fileBytes = UInt64(max(0, information.st_size))
        guard fileBytes <= GGUFLimits.fileBytesMax else {
            close(descriptor)
            throw GGUFError(.tooLarge, path: path, "the file is larger than \(GGUFLimits.fileBytesMax) bytes")
        }
        self.path = path
        self.fileBytes = fileBytes
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    /// Bytes up to the end of the file.
    var remainingBytes: UInt64 { self.fileBytes - self.offset }

    func error(_ kind: GGUFError.Kind, _ detail: String) -> GGUFError {
        GGUFError(kind, path: self.path, offset: self.offset, place: self.place, detail)
    }

    /// An unsigned number of 1, 2, 4 or 8 bytes, little-endian.
    mutating func unsigned(bytes count: Int) throws(GGUFError) -> UInt64 {
        try self.require(UInt64(count), "a number of \(count) bytes")
        if self.piece.count - self.used < count { try self.refill() }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(self.piece[self.used + index]) << UInt64(8 * index) }
        self.used += count
        self.offset += UInt64(count)
        return value
    }

    /// The bytes of a length-prefixed text.
    mutating func lengthAndBytes(most bytesMax: UInt64, _ what: String) throws(GGUFError) -> [UInt8] {
        let count = try self.unsigned(bytes: 8)
        guard count <= bytesMax else {
            throw self.error(.tooLarge, "\(what) of \(count) bytes is longer than \(bytesMax)")
        }
        return try self.bytes(count, what)
    }

    mutating func bytes(_ count: UInt64, _ what: String) throws(GGUFError) -> [UInt8] {
        try self.require(count, "\(what) of \(count) bytes")
        var output: [UInt8] = []
        // The file has at least this many bytes, as was just checked.
        output.reserveCapacity(Int(count))
        while output.count < Int(count) {
            if self.used == self.piece.count { try self.refill() }
            let step = min(Int(count) - output.count, self.piece.count - self.used)
            output.append(contentsOf: self.piece[self.used..<self.used + step])
            self.used += step
            self.offset += UInt64(step)
        }
        return output
    }

    /// Skips `count` bytes without reading them.
    mutating func skip(_ count: UInt64, _ what: String) throws(GGUFError) {
        try self.require(count, what)
        if count <= UInt64(self.piece.count - self.used) {
            self.used += Int(count)
        } else {
            self.piece = []
            self.used = 0
        }
        self.offset += count
    }

    /// Throws when fewer than `count` bytes of the file remain, or its head is longer than any model's.
    func require(_ count: UInt64, _ what: String) throws(GGUFError) {
        guard count <= self.remainingBytes else {
            let rest = "\(self.remainingBytes) of its \(self.fileBytes) bytes are left"
            throw self.error(.truncated, "the file is incomplete: \(what) should follow, but \(rest)")
        }
        guard self.offset + count <= GGUFLimits.headBytesMax else {
            throw self.error(.tooLarge, "the head of the file is longer than \(GGUFLimits.headBytesMax) bytes")
        }
    }

    /// Reads the piece of the file that begins at `offset`.
    private mutating func refill() throws(GGUFError) {
        let count = Int(min(self.remainingBytes, UInt64(Self.pieceBytes)))
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let from = done
            let at = off_t(self.offset) + off_t(done)
            let descriptor = self.descriptor
            let step = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(descriptor, buffer.baseAddress?.advanced(by: from), count - from, at)
            }
            if step < 0 && errno == EINTR { continue }
            guard step >= 0 else { throw Self.unreadable("read", self.path) }
            guard step > 0 else { throw self.error(.truncated, "the file was truncated while it was read") }
            done += step
        }
        self.piece = bytes
        self.used = 0
    }

    private static func unreadable(_ operation: String, _ path: String) -> GGUFError {
        let number = errno
        let reason = SystemError.sentence(number)
        return GGUFError(.unreadable(errno: number), path: path, "the file cannot be \(operation): \(reason)")
    }
}
