package import NIOCore
internal import Primitives

/// Extracts the body of one request from the bytes of a connection.
package struct HTTP1BodyParser {
    /// What the next bytes are.
    package enum Part {
        /// A piece of the body, never empty.
        case bytes(ByteBuffer)
        /// The body, trailers included, is complete; what follows belongs to the next request.
        case end
        /// More bytes are needed.
        case incomplete
    }

    private enum State {
        case length(remainingBytes: Int)
        case chunkLine
        case chunkData(remainingBytes: Int)
        case chunkEnd
        case trailers
        case end
    }

    private var state: State
    /// Bytes of the current line or block that are already searched for its end.
    private var scannedBytes = 0
    private var trailerLineStart = 0
    private var trailerCount = 0
    /// Body bytes announced so far.
    package private(set) var bodyBytes = 0

    package init(framing: HTTP1BodyFraming, limits: EdgeLimits) throws(EdgeRefusal) {
        switch framing {
        case .length(let bytes):
            guard bytes <= limits.bodyBytesMax else { throw .bodyTooLarge }
            self.state = bytes == 0 ? .end : .length(remainingBytes: bytes)
            self.bodyBytes = bytes
        case .chunked:
            self.state = .chunkLine
        }
    }

    /// The bytes still to come, if known.
    package var remainingBytes: Int? {
        switch self.state {
        case .length(let remaining): remaining
        case .end: 0
        default: nil
        }
    }

    /// Takes the next part from the front of `input`.
    package mutating func next(_ input: inout ByteBuffer, limits: EdgeLimits) throws(EdgeRefusal) -> Part {
        while true {
            switch self.state {
            case .length(let remaining):
                guard let piece = Self.take(&input, remaining) else { return .incomplete }
                let rest = remaining - piece.readableBytes
                self.state = rest == 0 ? .end : .length(remainingBytes: rest)
                return .bytes(piece)
            case .chunkLine:
                guard let size = try self.chunkSize(&input, limits: limits) else { return .incomplete }
                self.state = size == 0 ? .trailers : .chunkData(remainingBytes: size)
            case .chunkData(let remaining):
                guard let piece = Self.take(&input, remaining) else { return .incomplete }
                let rest = remaining - piece.readableBytes
                self.state = rest == 0 ? .chunkEnd : .chunkData(remainingBytes: rest)
                return .bytes(piece)
            case .chunkEnd:
                guard try Self.skipLineEnd(&input) else { return .incomplete }
                self.state = .chunkLine
            case .trailers:
                guard try self.skipTrailers(&input, limits: limits) else { return .incomplete }
                self.state = .end
            case .end:
                return .end
            }
        }
    }

    private static func take(_ input: inout ByteBuffer, _ bytesMax: Int) -> ByteBuffer? {
        guard input.readableBytes > 0 else { return nil }
        return input.readSlice(length: min(bytesMax, input.readableBytes))
    }

    /// The data of a chunk must be followed by exactly CR LF.
    private static func skipLineEnd(_ input: inout ByteBuffer) throws(EdgeRefusal) -> Bool {
        let view = input.readableBytesView
        guard let first = view.first else { return false }
        guard first == 0x0D else { throw .malformed(.chunk) }
        guard let second = view.dropFirst().first else { return false }
        guard second == 0x0A else { throw .malformed(.chunk) }
        input.moveReaderIndex(forwardBy: 2)
        return true
    }

    private mutating func chunkSize(_ input: inout ByteBuffer, limits: EdgeLimits) throws(EdgeRefusal) -> Int? {
        guard let line = try self.readChunkLine(input.readableBytesUInt8Span, limits: limits) else { return nil }
        self.scannedBytes = 0
        input.moveReaderIndex(forwardBy: line.bytes)
        guard line.size <= limits.bodyBytesMax - self.bodyBytes else { throw .bodyTooLarge }
        self.bodyBytes += line.size
        return line.size
    }

    /// Reads `size [;extension] CR LF`. The size is plain hexadecimal digits; extensions are ignored.
    private mutating func readChunkLine(
        _ bytes: Span<UInt8>, limits: EdgeLimits
    ) throws(EdgeRefusal) -> (size: Int, bytes: Int)? {
        let bound = min(bytes.count, limits.chunkLineBytesMax)
        var end = self.scannedBytes
        while end < bound, bytes[end] != 0x0A { end += 1 }
        guard end < bound else {
            self.scannedBytes = end
            if end >= limits.chunkLineBytesMax { throw .malformed(.chunk) }
            return nil
        }
        guard end > 0, bytes[end - 1] == 0x0D else { throw .malformed(.chunk) }
        var size = 0
        var index = 0
        while let digit = ASCII.hexValue(bytes[index]) {
            // Fifteen digits stay below 2⁶³.
            guard index < 15 else { throw .malformed(.chunk) }
            size = size << 4 | Int(digit)
            index += 1
        }
        guard index > 0 else { throw .malformed(.chunk) }
        try Self.checkExtensions(bytes.extracting(index..<(end - 1)))
        return (size, end + 1)
    }

    /// Checks `*( ";" token [ "=" ( token / quoted-string ) ] )`. Extensions are not used, but lax parsing of them has
    /// been exploited for request smuggling.
    private static func checkExtensions(_ bytes: Span<UInt8>) throws(EdgeRefusal) {
        var index = 0
        func byte() -> UInt8 { index < bytes.count ? bytes[index] : 0 }
        func token() throws(EdgeRefusal) {
            let start = index
            while HTTPSyntax.isToken(byte()) { index += 1 }
            guard index > start else { throw .malformed(.chunk) }
        }
        while index < bytes.count {
            guard byte() == UInt8(ascii: ";") else { throw .malformed(.chunk) }
            index += 1
            try token()
            guard byte() == UInt8(ascii: "=") else { continue }
            index += 1
            guard byte() == UInt8(ascii: "\"") else {
                try token()
                continue
            }
            index += 1
            while byte() != UInt8(ascii: "\"") {
                if byte() == UInt8(ascii: "\\") { index += 1 }
                guard HTTPSyntax.isFieldValue(byte()), byte() < 0x80 else { throw .malformed(.chunk) }
                index += 1
            }
            index += 1
        }
    }

    private mutating func skipTrailers(_ input: inout ByteBuffer, limits: EdgeLimits) throws(EdgeRefusal) -> Bool {
        guard let length = try self.scanTrailers(input.readableBytesUInt8Span, limits: limits) else { return false }
        input.moveReaderIndex(forwardBy: length)
        return true
    }

    /// - Returns: the length of the whole trailer section, its empty line included.
    private mutating func scanTrailers(_ bytes: Span<UInt8>, limits: EdgeLimits) throws(EdgeRefusal) -> Int? {
        let bound = min(bytes.count, limits.headBytesMax)
        var index = self.scannedBytes
        while index < bound {
            guard bytes[index] == 0x0A else {
                index += 1
                continue
            }
            guard index > 0, bytes[index - 1] == 0x0D else { throw .malformed(.lineEnding) }
            if index == self.trailerLineStart + 1 {
                try HTTP1HeadReader.checkTrailers(bytes.extracting(0...index))
                return index + 1
            }
            self.trailerCount += 1
            if self.trailerCount > limits.headerCountMax { throw .headTooLarge }
            index += 1
            self.trailerLineStart = index
        }
        self.scannedBytes = index
        if bytes.count >= limits.headBytesMax { throw .headTooLarge }
        return nil
    }
}
