internal import Primitives
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The text of a PDF, by poppler's `pdftotext` where that is installed. A child reads what a client sent: a hostile
/// document costs that child, and its bounds, and nothing else.
package enum PDFText {
    /// Why there is no text.
    package enum Failure: Error, Sendable, Hashable {
        /// There is no `pdftotext`.
        case noProgram
        /// It found no PDF that it can read, or took too much time or memory for it.
        case unreadable
        /// Too many are being read.
        case busy
    }

    /// Bytes of one document's text.
    static let bytesMax = 16 << 20
    static let secondsMax = 30
    static let memoryKiBMax = 1 << 20
    /// Documents that are read at a time.
    static let countMax = 4
    /// What a shell ends with that does not find a program.
    private static let notFound: Int32 = 127

    private static let running = Mutex(0)

    package static func text(of pdf: [UInt8]) async throws(Failure) -> String {
        let isFree = self.running.withLock { running in
            guard running < self.countMax else { return false }
            running += 1
            return true
        }
        guard isFree else { throw .busy }
        defer { self.running.withLock { $0 -= 1 } }
        let answer: Result<String, Failure> = await withCheckedContinuation { continuation in
            BlockingThread.start("pdftotext") { continuation.resume(returning: self.read(pdf)) }
        }
        return try answer.get()
    }

    private static func read(_ pdf: [UInt8]) -> Result<String, Failure> {
        guard let file = Self.file(pdf) else { return .failure(.unreadable) }
        defer { close(file) }
        // The shell sets bounds that a child started straight away would not have.
        let script = """
            ulimit -v \(self.memoryKiBMax) 2>/dev/null; ulimit -t \(self.secondsMax)
            exec pdftotext -q -enc UTF-8 - - 2>/dev/null
            """
        guard
            let (bytes, end) = try? ChildAnswer.whole(
                of: ["/bin/sh", "-c", script], input: file, bytesMax: self.bytesMax,
                millisecondsMax: 1000 * self.secondsMax)
        else { return .failure(.unreadable) }
        switch end {
        case .exited(status: 0): return .success(String(decoding: bytes, as: UTF8.self))
        case .exited(status: self.notFound): return .failure(.noProgram)
        default: return .failure(.unreadable)
        }
    }

    /// A file without a name that has the bytes, to be read from its beginning; the caller closes it.
    private static func file(_ bytes: [UInt8]) -> Int32? {
        var path = Array("/tmp/brume-pdf-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&path)
        guard descriptor >= 0 else { return nil }
        unsafe unlink(path)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard EngineFiles.append(bytes, to: descriptor), lseek(descriptor, 0, SEEK_SET) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
