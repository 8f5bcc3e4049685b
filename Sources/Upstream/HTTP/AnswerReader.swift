package import NIOCore
internal import Primitives

/// Parses answers from the bytes of a connection, as an HTTP/1.1 client (RFC 9112).
///
/// An answer is refused wherever two parsers could disagree on its end: lines that do not end with CR LF, folded lines,
/// two lengths, a length together with chunks. It never looks beyond an answer.
package struct AnswerReader {
    /// What the next bytes are.
    package enum Part {
        /// The head, and whether the connection can serve another request after this answer.
        case head(UpstreamHead, isKept: Bool)
        /// The next bytes, this many but at least one, are body: the caller consumes them.
        case bytes(Int)
        /// The answer, trailers included, is complete.
        case end
        /// More bytes are needed.
        case incomplete
    }

    private enum State {
        case head
        case length(remaining: Int)
        case chunkLine
        case chunkData(remaining: Int)
        case chunkEnd
        case trailers
        case untilClosed
        case end
    }

    /// The line with a chunk's length; what follows the length is ignored.
    private static let chunkLineBytesMax = 4096
    /// Interim answers (1xx) before the final one.
    private static let announcementsMax = 32

    private let headBytesMax: Int
    private let headerCountMax: Int
    private var state = State.end
    private var hasNoBody = false
    private var announcements = 0
    /// Bytes of the current head, line or trailers that are already searched for the end.
    private var scanned = 0
    private var lineStart = 0

    package init(headBytesMax: Int, headerCountMax: Int) {
        self.headBytesMax = headBytesMax
        self.headerCountMax = headerCountMax
    }

    /// A request was sent, and its answer is next. The answer to HEAD has no body, whatever its head says.
    package mutating func expectAnswer(to method: String) {
        self.state = .head
        self.hasNoBody = method == "HEAD"
        self.announcements = 0
        self.scanned = 0
        self.lineStart = 0
    }

    /// Whether the answer is complete if the connection ends now: its body extends to the end of the connection.
    package var mayEndHere: Bool {
        if case .untilClosed = self.state { return true }
        return false
    }

    /// Takes the next part from the front of `input`.
    package mutating func next(_ input: inout ByteBuffer) throws(AnswerFault) -> Part {
        while true {
            switch self.state {
            case .head:
                guard let end = try self.blockEnd(input.readableBytesUInt8Span, "head") else { return .incomplete }
                let head = try self.head(input.readableBytesUInt8Span.extracting(0..<end))
                input.moveReaderIndex(forwardBy: end)
                if let head { return head }
            case .length(let remaining):
                let count = min(remaining, input.readableBytes)
                guard count > 0 else { return .incomplete }
                self.state = count == remaining ? .end : .length(remaining: remaining - count)
                return .bytes(count)
            case .chunkLine:
                guard let size = try self.chunkSize(&input) else { return .incomplete }
                self.state = size == 0 ? .trailers : .chunkData(remaining: size)
            case .chunkData(let remaining):
                let count = min(remaining, input.readableBytes)
                guard count > 0 else { return .incomplete }
                self.state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
                return .bytes(count)
            case .chunkEnd:
                guard try Self.skipLineEnd(&input) else { return .incomplete }
                self.state = .chunkLine
            case .trailers:
                // Trailers are discarded.
                guard let end = try self.blockEnd(input.readableBytesUInt8Span, "trailer") else { return .incomplete }
                input.moveReaderIndex(forwardBy: end)
                self.state = .end
            case .untilClosed:
                guard input.readableBytes > 0 else { return .incomplete }
                return .bytes(input.readableBytes)
            case .end:
                return .end
            }
        }
    }

    // Lines.

    /// The end of the block of lines that an empty line terminates, including the empty line.
    private mutating func blockEnd(_ bytes: Span<UInt8>, _ what: String) throws(AnswerFault) -> Int? {
        while true {
            let lineFeed = ByteScan.first(0x0A, in: bytes, from: self.scanned)
            guard lineFeed < bytes.count, lineFeed < self.headBytesMax else {
                self.scanned = bytes.count
                guard bytes.count < self.headBytesMax else { throw AnswerFault("its \(what) is too long") }
                return nil
            }
            guard lineFeed > 0, bytes[lineFeed - 1] == 0x0D else {
                throw AnswerFault("a line of its \(what) does not end with CR LF")
            }
            let isEmpty = lineFeed == self.lineStart + 1
            self.scanned = lineFeed + 1
            self.lineStart = lineFeed + 1
            guard !isEmpty else {
                self.scanned = 0
                self.lineStart = 0
                return lineFeed + 1
            }
        }
    }

    // Chunks.

    /// The data of a chunk must be followed by exactly CR LF.
    private static func skipLineEnd(_ input: inout ByteBuffer) throws(AnswerFault) -> Bool {
        guard try self.beginsWithLineEnd(input.readableBytesUInt8Span) else { return false }
        input.moveReaderIndex(forwardBy: 2)
        return true
    }

    /// - Returns: false when another byte is needed to decide.
    private static func beginsWithLineEnd(_ bytes: Span<UInt8>) throws(AnswerFault) -> Bool {
        guard bytes.count >= 1 else { return false }
        guard bytes[0] == 0x0D, bytes.count < 2 || bytes[1] == 0x0A else {
            throw AnswerFault("a chunk of its body is longer than it says")
        }
        return bytes.count >= 2
    }

    private mutating func chunkSize(_ input: inout ByteBuffer) throws(AnswerFault) -> Int? {
        guard let line = try self.chunkLine(input.readableBytesUInt8Span) else { return nil }
        self.scanned = 0
        input.moveReaderIndex(forwardBy: line.bytes)
        return line.size
    }

    /// Reads `size [;extension] CR LF`; the size is hexadecimal digits.
    private mutating func chunkLine(_ bytes: Span<UInt8>) throws(AnswerFault) -> (size: Int, bytes: Int)? {
        let end = ByteScan.first(0x0A, in: bytes, from: self.scanned)
        guard end < bytes.count, end < Self.chunkLineBytesMax else {
            self.scanned = bytes.count
            guard bytes.count < Self.chunkLineBytesMax else { throw AnswerFault("a chunk's line is too long") }
            return nil
        }
        var size = 0
        var index = 0
        // Fifteen digits stay below 2⁶³.
        while index < 15, let digit = ASCII.hexValue(bytes[index]) {
            size = size << 4 | Int(digit)
            index += 1
        }
        let follows = bytes[index]
        guard index > 0, end > 0, bytes[end - 1] == 0x0D, follows == 0x0D || follows == 0x3B || follows == 0x20 else {
            throw AnswerFault("a chunk of its body has no length")
        }
        return (size, end + 1)
    }
}

/// What is wrong with an answer, as part of a sentence.
package struct AnswerFault: Error, Equatable {
    package let text: String

    init(_ text: String) { self.text = text }
}

extension AnswerReader {
    /// Parses a whole head, and decides what follows it.
    /// - Returns: nil for an interim answer (1xx).
    private mutating func head(_ bytes: Span<UInt8>) throws(AnswerFault) -> Part? {
        let (status, isVersion10, fields) = try Self.statusLine(bytes)
        var framing = Framing()
        let headers = try self.fields(bytes, from: fields, &framing)
        guard status >= 200 else {
            self.announcements += 1
            guard status != 101 else { throw AnswerFault("it wants to speak another protocol") }
            guard self.announcements <= Self.announcementsMax else { throw AnswerFault("it only announces an answer") }
            return nil
        }
        guard framing.length == nil || !framing.isChunked else {
            throw AnswerFault("it has a Content-Length and chunks, which exclude each other")
        }
        if self.hasNoBody || status == 204 || status == 304 {
            self.state = .end
        } else if framing.isChunked {
            self.state = .chunkLine
        } else if let length = framing.length {
            self.state = length == 0 ? .end : .length(remaining: length)
        } else {
            self.state = .untilClosed
        }
        var isKept = isVersion10 ? framing.keepsAlive && !framing.closes : !framing.closes
        if case .untilClosed = self.state { isKept = false }
        return .head(UpstreamHead(status: status, headers: headers), isKept: isKept)
    }

    /// What a head says about the end of its body and about the connection.
    private struct Framing {
        var length: Int?
        var isChunked = false
        var closes = false
        var keepsAlive = false
    }

    /// Reads `HTTP/1.1 200 reason`.
    /// - Returns: `next` is where the header fields begin.
    private static func statusLine(
        _ bytes: Span<UInt8>
    ) throws(AnswerFault) -> (status: Int, isVersion10: Bool, next: Int) {
        let version: StaticString = "HTTP/1."
        guard bytes.count > 14 else { throw AnswerFault("it does not begin with HTTP/1.1 and a status") }
        for index in 0..<version.utf8CodeUnitCount {
            guard unsafe bytes[index] == version.utf8Start[index] else {
                throw AnswerFault("it does not begin with HTTP/1.1 and a status")
            }
        }
        var status = 0
        for index in 9..<12 {
            guard ASCII.isDigit(bytes[index]) else { throw AnswerFault("its status is no number") }
            status = status * 10 + Int(bytes[index] - 0x30)
        }
        guard bytes[7] == 0x30 || bytes[7] == 0x31, bytes[8] == 0x20, bytes[12] == 0x20 || bytes[12] == 0x0D,
            (100..<600).contains(status)
        else { throw AnswerFault("it does not begin with HTTP/1.1 and a status") }
        let lineFeed = ByteScan.first(0x0A, in: bytes, from: 12)
        return (status, bytes[7] == 0x30, lineFeed + 1)
    }

    private func fields(
        _ bytes: Span<UInt8>, from start: Int, _ framing: inout Framing
    ) throws(AnswerFault) -> HeaderFields {
        var lines: [HeaderFields.Line] = []
        lines.reserveCapacity(16)
        var index = start
        while bytes[index] != 0x0D {
            guard lines.count < self.headerCountMax else { throw AnswerFault("it has too many header fields") }
            let nameStart = index
            while bytes[index] > 0x20, bytes[index] < 0x7F, bytes[index] != 0x3A { index += 1 }
            guard index > nameStart, bytes[index] == 0x3A else { throw AnswerFault("it has an invalid header field") }
            let name = nameStart..<index
            index += 1
            while bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
            let valueStart = index
            repeat {
                index = ByteScan.firstControl(in: bytes, from: index)
                guard bytes[index] == 0x09 else { break }
                index += 1
            } while true
            guard bytes[index] == 0x0D, bytes[index + 1] == 0x0A else {
                throw AnswerFault("it has an invalid header field")
            }
            var valueEnd = index
            while valueEnd > valueStart, bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09 { valueEnd -= 1 }
            index += 2
            let value = valueStart..<valueEnd
            try Self.note(bytes.extracting(name), bytes.extracting(value), &framing)
            lines.append(HeaderFields.Line(name: name, value: value, from: start))
        }
        // The empty line must come last: a bare CR at a line's start would hide what follows it.
        guard index + 2 == bytes.count else { throw AnswerFault("it has an invalid header field") }
        return Self.headers(bytes.extracting(start..<index), lines)
    }

    /// Invalid UTF-8 is replaced: old servers write Latin-1 into fields that nobody reads.
    private static func headers(_ block: Span<UInt8>, _ lines: [HeaderFields.Line]) -> HeaderFields {
        do {
            _ = try UTF8Span(validating: block)
            return HeaderFields(block, lines: lines)
        } catch {
            var headers = HeaderFields()
            for line in lines {
                headers.append(Self.text(block.extracting(line.name)), Self.text(block.extracting(line.value)))
            }
            return headers
        }
    }

    /// Notes what a field says about framing.
    private static func note(
        _ name: Span<UInt8>, _ value: Span<UInt8>, _ framing: inout Framing
    ) throws(AnswerFault) {
        switch name.count {
        case 10 where HeaderFields.equalNames(name, "Connection"):
            for word in Self.text(value).split(separator: ",") {
                let word = word.trimmingSpaces
                if HeaderFields.equalNames(word, "close") { framing.closes = true }
                if HeaderFields.equalNames(word, "keep-alive") { framing.keepsAlive = true }
            }
        case 14 where HeaderFields.equalNames(name, "Content-Length"):
            guard framing.length == nil, let length = HeaderFields.contentLength(value) else {
                throw AnswerFault("it has an invalid Content-Length")
            }
            framing.length = length
        case 17 where HeaderFields.equalNames(name, "Transfer-Encoding"):
            guard !framing.isChunked, HeaderFields.equalNames(value, "chunked") else {
                throw AnswerFault("it has an unknown Transfer-Encoding")
            }
            framing.isChunked = true
        default: break
        }
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            return unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var text = self.utf8
        while let byte = text.first, byte == 0x20 || byte == 0x09 { text = text.dropFirst() }
        while let byte = text.last, byte == 0x20 || byte == 0x09 { text = text.dropLast() }
        return String(Substring(text))
    }
}
