internal import Foundation

/// One connection that sends whole requests and reads whole answers, with as little work as that takes.
@safe
final class LoadConnection {
    /// How long a blocking exchange waits for its answer.
    static let answerSecondsMax = 10
    /// The limit of a chunked answer, whose length is not known before its end.
    private static let chunkedBytesMax = 8 << 20

    private let connection: LoopbackSocket
    /// When the last request was sent, by `monotonicNanoseconds`.
    private(set) var sentAt: Int64 = 0
    private var buffer: UnsafeMutableRawBufferPointer
    private var filled = 0
    /// Where the answer ends in the buffer; 0 until its head is read.
    private var end = 0
    private var headBytes = 0
    /// Where the size of the next chunk stands; 0 where the answer has a length.
    private var nextChunk = 0

    /// Connects to a port of this machine.
    init(port: UInt16) throws {
        unsafe self.buffer = .allocate(byteCount: 64 << 10, alignment: 16)
        do {
            self.connection = try LoopbackSocket(.port(port), answerSecondsMax: Self.answerSecondsMax)
        } catch {
            unsafe self.buffer.deallocate()
            throw error
        }
    }

    deinit { unsafe self.buffer.deallocate() }

    /// For `epoll`.
    var socket: Int32 { self.connection.descriptor }

    /// Sends a request; the answer to the one before must have been read.
    func send(_ request: [UInt8]) throws {
        self.filled = 0
        self.end = 0
        self.headBytes = 0
        self.nextChunk = 0
        self.sentAt = monotonicNanoseconds()
        try self.connection.send(request)
    }

    /// Reads what is there.
    /// - Returns: whether the answer is whole.
    /// - Throws: when the server closed the connection, or answered with anything but 200.
    func receive(waits: Bool = false) throws -> Bool {
        if self.filled == self.capacity { try self.makeRoom(for: 2 * self.capacity) }
        let flags = waits ? 0 : Int32(MSG_DONTWAIT)
        let count = unsafe recv(
            self.socket, self.buffer.baseAddress?.advanced(by: self.filled), self.buffer.count - self.filled, flags)
        if count < 0, errno == EAGAIN || errno == EINTR {
            if waits { throw BenchError("no answer within \(Self.answerSecondsMax) s") }
            return false
        }
        guard count > 0 else {
            throw count == 0
                ? BenchError("the server closed the connection:\n\(self.text)")
                : BenchError.system("reading an answer", errno)
        }
        self.filled += count
        if self.headBytes == 0 { try self.readHead() }
        if self.nextChunk > 0, self.end == 0 { try self.readChunks() }
        guard self.end > 0, self.filled >= self.end else { return false }
        guard self.filled == self.end else { throw BenchError("more than one answer came:\n\(self.text)") }
        try self.checkStatus()
        return true
    }

    /// Sends a request and waits for the whole answer, head and body.
    func exchange(_ request: [UInt8]) throws -> [UInt8] {
        try self.send(request)
        while try !self.receive(waits: true) {}
        return unsafe Array(self.buffer[..<self.filled])
    }

    private var capacity: Int { unsafe self.buffer.count }

    private var text: String {
        unsafe String(decoding: UnsafeRawBufferPointer(rebasing: self.buffer[..<self.filled]), as: UTF8.self)
    }

    /// Finds the end of the answer once its head is there.
    private func readHead() throws {
        guard let headBytes = self.endOfHead() else { return }
        self.headBytes = headBytes
        if let start = self.value(of: "content-length:") {
            self.end = self.headBytes + self.number(from: start)
            if self.end > self.capacity { try self.makeRoom(for: self.end) }
        } else if self.value(of: "transfer-encoding:") != nil {
            self.nextChunk = headBytes
        } else {
            throw BenchError("an answer without Content-Length or chunks:\n\(self.text)")
        }
    }

    /// Goes from chunk to chunk as far as they are there; behind the last one, which is empty, the answer ends.
    private func readChunks() throws {
        while self.nextChunk < self.filled {
            var index = self.nextChunk
            var size = 0
            while index < self.filled, let digit = unsafe Character(UnicodeScalar(self.buffer[index])).hexDigitValue {
                size = size << 4 | digit
                index += 1
                guard size <= Self.chunkedBytesMax else { throw BenchError("a chunk of \(size) bytes") }
            }
            // The size's own CR LF.
            guard index + 2 <= self.filled else { return }
            guard index > self.nextChunk, unsafe self.buffer[index] == 0x0D else {
                throw BenchError("an answer that is not in chunks:\n\(self.text)")
            }
            self.nextChunk = index + 2 + size + 2
            if size == 0 { self.end = self.nextChunk }
            if self.end > 0 { return }
        }
    }

    /// Makes the buffer so large at least, and keeps what is in it.
    private func makeRoom(for count: Int) throws {
        guard self.nextChunk == 0 || count <= Self.chunkedBytesMax else {
            throw BenchError("an answer over \(Self.chunkedBytesMax) bytes")
        }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: self.buffer[..<self.filled]))
        unsafe self.buffer.deallocate()
        unsafe self.buffer = larger
    }

    /// Behind the empty line; nil while it is not there.
    private func endOfHead() -> Int? {
        var index = 3
        while index < self.filled {
            if unsafe self.buffer[index] == 0x0A, unsafe self.buffer[index - 2] == 0x0A { return index + 1 }
            index += 1
        }
        return nil
    }

    /// Where a header's value begins; nil where it is missing.
    private func value(of name: StaticString) -> Int? {
        let nameBytes = name.utf8CodeUnitCount
        var lineStart = 0
        while lineStart + nameBytes < self.headBytes {
            if self.line(at: lineStart, begins: name) { return lineStart + nameBytes }
            while lineStart < self.headBytes, unsafe self.buffer[lineStart] != 0x0A { lineStart += 1 }
            lineStart += 1
        }
        return nil
    }

    /// Whether a line begins with a name, in whatever case.
    private func line(at start: Int, begins name: StaticString) -> Bool {
        name.withUTF8Buffer { letters in
            letters.indices.allSatisfy { unsafe self.buffer[start + $0] | 0x20 == letters[$0] | 0x20 }
        }
    }

    private func number(from start: Int) -> Int {
        var value = 0
        for index in start..<self.headBytes {
            let byte = unsafe self.buffer[index]
            if byte == 0x20 { continue }
            guard (0x30...0x39).contains(byte), value < 1 << 30 else { break }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    /// `HTTP/1.1 200`: the three digits stand at byte 9.
    private func checkStatus() throws {
        let isGood =
            unsafe self.filled > 12 && self.buffer[9] == 0x32 && self.buffer[10] == 0x30
            && self.buffer[11] == 0x30
        guard isGood else { throw BenchError("an answer that is not 200:\n\(self.text)") }
    }
}
