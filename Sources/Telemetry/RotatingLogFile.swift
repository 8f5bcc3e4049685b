internal import Primitives
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// JSON lines in a file that is rotated to `.1`, `.2`, … when it grows too large.
///
/// One thread writes; callers append to a bounded buffer. If the disk is slower than the callers, lines are dropped and
/// counted, and nobody waits. The writer collects lines for `gatherMilliseconds` before it writes, because waking it
/// for each line cost a busy server a tenth of its time; lines are delayed by at most that.
///
/// Sendable: every stored property but the buffer is immutable; the buffer is guarded by the pthread mutex.
@safe package final class RotatingLogFile: LogSink, @unchecked Sendable {
    package struct Limits: Sendable {
        /// The size at which a file is rotated.
        package var fileBytesMax = 64 << 20
        /// The number of rotated files that are kept.
        package var fileCountMax = 5
        /// The buffer's capacity in bytes.
        package var bufferBytesMax = 4 << 20
        /// How long the writer waits for more lines after the first, unless half the buffer is full.
        package var gatherMilliseconds = 20

        package init() {}
    }

    private let path: String
    private let limits: Limits
    package let dropped = Counter()

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var buffer: [UInt8] = []
    /// What the writer waits for; callers wake it only for that.
    private var wait = Wait.none
    private var isClosed = false

    private enum Wait {
        case none, firstLine, halfBuffer
    }
    private var thread: BlockingThread?

    /// Opens the file for appending; a new file has mode 0600.
    /// - Returns: nil when the file cannot be opened; `errno` says why.
    package init?(path: String, limits: Limits = Limits()) {
        self.path = path
        self.limits = limits
        unsafe pthread_mutex_init(self.mutex, nil)
        _ = unsafe TimedCondition.initialise(self.condition)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        closeDescriptor(descriptor)
        self.thread = BlockingThread.startJoinable("access-log") { self.run() }
    }

    deinit {
        unsafe pthread_mutex_destroy(self.mutex)
        unsafe pthread_cond_destroy(self.condition)
        unsafe self.mutex.deallocate()
        unsafe self.condition.deallocate()
    }

    package func write(_ record: LogRecord) {
        self.append { record.appendJSONLine(to: &$0) }
    }

    package func write(_ line: some LogLine) {
        self.append { line.appendJSONLine(to: &$0) }
    }

    /// Appends a line, or drops and counts it if the buffer is full.
    private func append(_ write: (inout [UInt8]) -> Void) {
        unsafe pthread_mutex_lock(self.mutex)
        var wakes = false
        if self.buffer.count >= self.limits.bufferBytesMax || self.isClosed {
            self.dropped.increment()
        } else {
            write(&self.buffer)
            switch self.wait {
            case .none: break
            case .firstLine: wakes = true
            case .halfBuffer: wakes = self.buffer.count >= self.limits.bufferBytesMax / 2
            }
            if wakes { self.wait = .none }
        }
        unsafe pthread_mutex_unlock(self.mutex)
        // After unlocking, or the writer would wake only to wait for the lock.
        if wakes { unsafe pthread_cond_broadcast(self.condition) }
    }

    /// Writes the rest of the buffer, and ends the thread.
    package func close() {
        unsafe pthread_mutex_lock(self.mutex)
        self.isClosed = true
        unsafe pthread_cond_broadcast(self.condition)
        let thread = self.thread
        self.thread = nil
        unsafe pthread_mutex_unlock(self.mutex)
        thread?.join()
    }

    private func run() {
        var descriptor: Int32 = -1
        var fileBytes = 0
        while let bytes = self.take() {
            if descriptor < 0 { (descriptor, fileBytes) = self.openAtLine() }
            let writtenCount = descriptor < 0 ? 0 : Self.write(bytes, to: descriptor)
            guard writtenCount == bytes.count else {
                // A full disk must not stop the server: the lines are counted as dropped, and the file is opened again.
                let keptCount = bytes[..<writtenCount].lastIndex(of: Self.newline).map { $0 + 1 } ?? 0
                self.dropped.increment(by: UInt64(bytes[keptCount...].count { $0 == Self.newline }))
                if descriptor >= 0 {
                    Self.cut(descriptor, by: writtenCount - keptCount)
                    closeDescriptor(descriptor)
                }
                descriptor = -1
                continue
            }
            fileBytes += bytes.count
            if fileBytes >= self.limits.fileBytesMax {
                closeDescriptor(descriptor)
                descriptor = -1
                self.rotate()
            }
        }
        if descriptor >= 0 { closeDescriptor(descriptor) }
    }

    /// Opens the file for another line, which begins a line of its own also after a torn one, as a power cut may leave.
    /// - Returns: the descriptor, negative when the file cannot be opened, and the size of the file.
    private func openAtLine() -> (descriptor: Int32, fileBytes: Int) {
        let descriptor = unsafe open(self.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return (descriptor, 0) }
        // Negative for a pipe, which is never read here.
        let end = lseek(descriptor, 0, SEEK_END)
        guard end > 0 else { return (descriptor, 0) }
        let reader = unsafe open(self.path, O_RDONLY | O_CLOEXEC)
        var last = Self.newline
        if reader >= 0 {
            unsafe pread(reader, &last, 1, end - 1)
            closeDescriptor(reader)
        }
        let addedCount = last == Self.newline ? 0 : Self.write([Self.newline], to: descriptor)
        return (descriptor, Int(end) + addedCount)
    }

    /// Waits for lines; nil when closed and empty.
    private func take() -> [UInt8]? {
        unsafe pthread_mutex_lock(self.mutex)
        defer { unsafe pthread_mutex_unlock(self.mutex) }
        while self.buffer.isEmpty {
            if self.isClosed { return nil }
            self.wait = .firstLine
            unsafe pthread_cond_wait(self.condition, self.mutex)
        }
        self.gather()
        let bytes = self.buffer
        self.buffer = []
        self.buffer.reserveCapacity(min(bytes.count, 1 << 16))
        return bytes
    }

    /// Waits for more lines; holds the mutex except while waiting.
    private func gather() {
        var deadline = TimedCondition.deadline(milliseconds: self.limits.gatherMilliseconds)
        var status: Int32 = 0
        while !self.isClosed, self.buffer.count < self.limits.bufferBytesMax / 2, status == 0 {
            self.wait = .halfBuffer
            status = unsafe pthread_cond_timedwait(self.condition, self.mutex, &deadline)
        }
        self.wait = .none
    }

    private static let newline = UInt8(ascii: "\n")

    /// - Returns: the number of bytes that were written, fewer than all if the disk is full.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe writeBytes(descriptor, raw.baseAddress?.advanced(by: offset), raw.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            offset += count
        }
        return offset
    }

    /// Removes the last bytes of the file, the part of a line that still had room.
    private static func cut(_ descriptor: Int32, by byteCount: Int) {
        guard byteCount > 0 else { return }
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= byteCount else { return }
        // Best effort: if it fails, the next line begins after the torn one.
        _ = ftruncate(descriptor, end - off_t(byteCount))
    }

    private func rotate() {
        for index in stride(from: self.limits.fileCountMax - 1, through: 1, by: -1) {
            unsafe rename("\(self.path).\(index)", "\(self.path).\(index + 1)")
        }
        unsafe rename(self.path, "\(self.path).1")
        unsafe unlink("\(self.path).\(self.limits.fileCountMax + 1)")
    }
}

/// `close(2)`, whose name the method above hides.
private func closeDescriptor(_ descriptor: Int32) {
    _ = close(descriptor)
}

/// `write(2)`, whose name the method above hides.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
