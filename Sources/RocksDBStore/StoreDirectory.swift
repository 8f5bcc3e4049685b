internal import Primitives
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Why a store could not be opened. The cases are distinct because each has its own remedy.
package enum StoreOpenError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another process has it open.
    case locked(path: String, processID: Int32?)
    /// The directory cannot be made, read or written.
    case unwritable(path: String, reason: String)
    /// A newer Brume wrote it.
    case newerFormat(path: String, found: Int, supported: Int)
    /// A checksum or a file is wrong; nothing was changed.
    case corrupt(path: String, reason: String)
    /// The disk has no room to open it.
    case noSpace(path: String, reason: String)

    package var description: String {
        switch self {
        case .locked(let path, let processID):
            "\(path) is in use by \(processID.map { "process \($0)" } ?? "another process"): stop it, or choose another"
                + " data directory"
        case .unwritable(let path, let reason):
            "\(path) cannot be written: \(reason). Choose another data directory or change its owner"
        case .newerFormat(let path, let found, let supported):
            "\(path) has format \(found) and this Brume knows up to \(supported): use the newer Brume that wrote it"
        case .corrupt(let path, let reason):
            "\(path) is damaged (\(reason)): restore it from a backup; the files were left as they are"
        case .noSpace(let path, let reason):
            "\(path) is on a full disk (\(reason)): make room and start again"
        }
    }
}

/// A store's directory, held by one process:
///
///     format    one line, "brume-store 2"
///     made      empty: an engine was created here, so if the engine is missing this is not a new store
///     log-mark  how much of the newest log is on the disk; see `LogMark`
///     lock      locked while a process uses the store; contains its process id
///     rocksdb/  the engine's files
final class StoreDirectory: Sendable {
    static let formatSupported = 2
    private static let formatWord = "brume-store"

    let path: String
    var enginePath: String { self.path + "/rocksdb" }
    /// nil once released.
    private let lockDescriptor: Mutex<Int32?>
    private let lockPath: String
    /// The identity of the locked file; nil when the system does not tell.
    private let heldLock: FileNumber?

    /// Identifies a file while it is open.
    private struct FileNumber: Equatable {
        let device: dev_t
        let number: ino_t

        init(_ facts: stat) {
            self.device = facts.st_dev
            self.number = facts.st_ino
        }
    }

    /// Creates the directory if it does not exist, and locks it until `release`.
    init(path: String) throws(StoreOpenError) {
        self.path = path
        try Self.makeDirectory(path)
        self.lockPath = path + "/lock"
        let descriptor = try Self.lock(path)
        self.lockDescriptor = Mutex(descriptor)
        var held = stat()
        self.heldLock = unsafe fstat(descriptor, &held) == 0 ? FileNumber(held) : nil
        do throws(StoreOpenError) {
            try Self.checkFormat(path)
            guard unsafe access(path + "/made", F_OK) != 0 || access(path + "/rocksdb/CURRENT", F_OK) == 0 else {
                throw .corrupt(path: path, reason: "rocksdb/CURRENT is missing")
            }
            try Self.makeDirectory(path + "/rocksdb")
        } catch {
            self.release()
            throw error
        }
    }

    deinit {
        self.release()
    }

    /// Releases the lock. Idempotent.
    func release() {
        self.lockDescriptor.withLock { descriptor in
            if let descriptor { close(descriptor) }
            descriptor = nil
        }
    }

    /// Whether an engine was created here before.
    var hasEngine: Bool { unsafe access(self.path + "/made", F_OK) == 0 }

    /// Records that the directory has an engine.
    func noteEngine() throws(StoreOpenError) {
        let descriptor = unsafe open(self.path + "/made", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOSPC
                ? .noSpace(path: self.path, reason: SystemError.sentence(code))
                : .unwritable(path: self.path, reason: SystemError.sentence(code))
        }
        close(descriptor)
    }

    /// Whether the path still leads to the directory that was opened. A directory made anew has another lock file or
    /// none; because ours is open, the system does not give its number to another file.
    ///
    /// Asked before each group of commits; costs one system call.
    var isInPlace: Bool {
        guard let held = self.heldLock else { return true }
        var found = stat()
        guard unsafe stat(self.lockPath, &found) == 0 else { return errno != ENOENT && errno != ENOTDIR }
        return held == FileNumber(found)
    }

    /// The reason for refusing writes when the directory is no longer in place.
    var goneSentence: String {
        "the directory \(self.path) is gone, or another stands in its place: read what you still need, then restart"
            + " with a backup there"
    }

    private static func makeDirectory(_ path: String) throws(StoreOpenError) {
        for end in path.indices.dropFirst() where path[end] == "/" {
            unsafe mkdir(String(path[..<end]), 0o755)
        }
        guard unsafe mkdir(path, 0o700) != 0 else { return }
        var information = stat()
        guard errno == EEXIST, unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
            throw .unwritable(path: path, reason: SystemError.sentence(errno == EEXIST ? ENOTDIR : errno))
        }
    }

    private static func lock(_ path: String) throws(StoreOpenError) -> Int32 {
        let descriptor = unsafe open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: SystemError.sentence(errno)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.read(descriptor).split(separator: "\n").first.flatMap { Int32($0) }
            close(descriptor)
            guard code == EWOULDBLOCK else { throw .unwritable(path: path, reason: SystemError.sentence(code)) }
            throw .locked(path: path, processID: holder)
        }
        // The number is only for the message of another process: the lock holds without it.
        ftruncate(descriptor, 0)
        _ = Self.write(descriptor, "\(getpid())\n")
        return descriptor
    }

    private static func checkFormat(_ path: String) throws(StoreOpenError) {
        let descriptor = unsafe open(path + "/format", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .unwritable(path: path, reason: SystemError.sentence(errno)) }
            guard unsafe access(path + "/rocksdb/CURRENT", F_OK) != 0 else {
                throw .corrupt(path: path, reason: "its file `format` is missing")
            }
            return try Self.writeFormat(path)
        }
        let words = Self.read(descriptor).split(whereSeparator: \.isWhitespace)
        close(descriptor)
        guard words.count == 2, words[0] == Self.formatWord, let found = Int(words[1]), found >= 1 else {
            throw .corrupt(path: path, reason: "its file `format` is not readable")
        }
        guard found <= Self.formatSupported else {
            throw .newerFormat(path: path, found: found, supported: Self.formatSupported)
        }
        // An older server could not read what is written from now on.
        if found < Self.formatSupported { try Self.writeFormat(path) }
    }

    /// Atomic: written to a temporary file, synced, then renamed.
    private static func writeFormat(_ path: String) throws(StoreOpenError) {
        let descriptor = unsafe open(path + "/format.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: SystemError.sentence(errno)) }
        let line = "\(Self.formatWord) \(Self.formatSupported)\n"
        let isWritten = Self.write(descriptor, line) && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard unsafe isWritten && rename(path + "/format.new", path + "/format") == 0 else {
            let reason = SystemError.sentence(isWritten ? errno : code)
            throw code == ENOSPC ? .noSpace(path: path, reason: reason) : .unwritable(path: path, reason: reason)
        }
        let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    static func read(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe pread(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    static func write(_ descriptor: Int32, _ text: String) -> Bool {
        let bytes = Array(text.utf8)
        #if canImport(Glibc)
        return unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        #elseif canImport(Musl)
        return unsafe bytes.withUnsafeBytes { unsafe Musl.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        #else
        return unsafe bytes.withUnsafeBytes { unsafe Darwin.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        #endif
    }
}
