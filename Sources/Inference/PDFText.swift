internal import Primitives
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Extracts the text of a PDF with poppler's `pdftotext`, if installed. A child process parses what the client sent: a
/// hostile document harms only that child, within its limits.
package enum PDFText {
    /// Why there is no text.
    package enum Failure: Error, Sendable, Hashable {
        /// `pdftotext` is not installed.
        case noProgram
        /// The document is not a readable PDF, or exceeds the limits on time and memory.
        case unreadable
        /// Too many documents are being processed.
        case busy
    }

    /// The limit for the text of one document, in bytes.
    static let bytesMax = 16 << 20
    static let secondsMax = 30
    static let memoryKiBMax = 1 << 20
    /// Documents processed concurrently.
    static let countMax = 4
    /// A shell's exit status for a program that is not found.
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
        // The shell sets limits that a directly started child would not have.
        let script = """
            ulimit -v \(self.memoryKiBMax) 2>/dev/null; ulimit -t \(self.secondsMax)
            exec pdftotext -q -enc UTF-8 - - 2>/dev/null
            """
        // Without an answer nothing is known about the document, whatever the reason.
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

    /// An unlinked file with the bytes, positioned at its beginning; the caller closes it.
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
