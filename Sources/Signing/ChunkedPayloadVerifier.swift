package import Primitives

/// Parses an `aws-chunked` body as it arrives, and verifies the chain of its signatures. For S3: no service of this
/// server takes such bodies yet, so only tests call it.
///
/// A state machine without I/O: `push` takes pieces of any size, and hands out a signed chunk's bytes only after
/// verifying its signature. Memory: at most one signed chunk and one line.
///
///     10000;chunk-signature=…\r\n
///     <65,536 bytes>\r\n
///     0;chunk-signature=…\r\n
///     x-amz-checksum-crc32c:sOO8/Q==\r\n     (with a trailer)
///     x-amz-trailer-signature:…\r\n          (with a signed one)
///     \r\n
package struct ChunkedPayloadVerifier: Sendable {
    private enum State: Sendable, Equatable {
        /// In the line that opens a chunk.
        case chunkLine
        case data(remaining: Int)
        /// In the CRLF after a chunk's data.
        case dataEnd
        /// In a line of the trailer, or in the empty line that ends the body.
        case trailer
        /// After a bare newline, which AWS's documentation shows before the CRLF of a trailer line.
        case trailerLineEnd
        case ended
        case failed(ChunkedPayloadError)
    }

    private let limits: ChunkLimits
    private let hasTrailer: Bool
    private let decodedByteCount: Int
    private let trailerNames: [String]
    private var chain: ChunkSignatureChain?
    private var state = State.chunkLine
    private var line: [UInt8] = []
    private var held: [UInt8] = []
    private var expectedSignature: Digest256?
    private var announced = 0
    private var chunkNumber = 0
    private var lastChunkBytes = Int.max
    private var isTrailerSigned = false
    /// The trailer's fields, names in lower case; complete once `finish` has returned.
    package private(set) var trailers = HeaderFields()

    /// - Parameters:
    ///   - seed: what the proven head says of the chunks.
    ///   - headers: of the request; they say the decoded length (`x-amz-decoded-content-length`) and the names of the
    ///     trailer's fields (`x-amz-trailer`).
    ///   - limits: the bounds.
    /// - Throws: `decodedLengthMissing`, `malformedTrailer` when more fields are announced than allowed.
    package init(
        _ seed: ChunkSeed, headers: HeaderFields, limits: ChunkLimits = ChunkLimits()
    ) throws(ChunkedPayloadError) {
        guard let length = headers.first("x-amz-decoded-content-length"), (1...18).contains(length.utf8.count),
            length.utf8.allSatisfy(ASCII.isDigit), let decodedByteCount = Int(length)
        else { throw .decodedLengthMissing }
        let names = headers.all("x-amz-trailer").joined(separator: ",").split(separator: ",").map {
            $0.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        guard names.count <= limits.trailerCountMax else { throw .malformedTrailer }
        self.limits = limits
        self.hasTrailer = seed.hasTrailer
        self.decodedByteCount = decodedByteCount
        self.trailerNames = names
        self.chain = ChunkSignatureChain(seed)
    }

    /// The checksum in the trailer, in base64.
    package var checksum: (algorithm: ChecksumAlgorithm, base64: String)? {
        for field in self.trailers.fields {
            if let algorithm = ChecksumAlgorithm(fieldName: field.name) { return (algorithm, field.value) }
        }
        return nil
    }

    /// Takes the next bytes of the body, and appends the payload that they verify.
    /// - Throws: the first error; every later call throws the same.
    package mutating func push(
        _ bytes: Span<UInt8>, into output: inout [UInt8]
    ) throws(ChunkedPayloadError) {
        do throws(ChunkedPayloadError) {
            var index = 0
            while index < bytes.count {
                try self.step(bytes, &index, &output)
            }
        } catch {
            self.state = .failed(error)
            self.held = []
            throw error
        }
    }

    /// Declares the end of the body.
    /// - Throws: `lengthMismatch`, `malformedTrailer`, or the error of an earlier `push`.
    package mutating func finish() throws(ChunkedPayloadError) {
        switch self.state {
        case .ended:
            break
        case .trailer where self.line.isEmpty && self.hasTrailer && self.isTrailerComplete:
            // Some clients leave out the empty line after a trailer.
            break
        case .failed(let error):
            throw error
        default:
            throw .lengthMismatch
        }
        guard self.announced == self.decodedByteCount else { throw .lengthMismatch }
        self.state = .ended
    }

    private mutating func step(
        _ bytes: Span<UInt8>, _ index: inout Int, _ output: inout [UInt8]
    ) throws(ChunkedPayloadError) {
        switch self.state {
        case .chunkLine:
            guard try self.readLine(bytes, &index, limit: self.limits.chunkLineBytesMax, or: .malformedChunk) else {
                return
            }
            try self.openChunk()
        case .data(let remaining):
            try self.takeData(bytes, &index, remaining: remaining, &output)
        case .dataEnd:
            guard try self.readLine(bytes, &index, limit: 2, or: .malformedChunk) else { return }
            guard self.line.elementsEqual("\r\n".utf8) else { throw .malformedChunk }
            self.begin(.chunkLine)
        case .trailer:
            let limit = self.limits.trailerLineBytesMax
            guard try self.readLine(bytes, &index, limit: limit, or: .malformedTrailer) else { return }
            try self.takeTrailerLine()
        case .trailerLineEnd:
            guard try self.readLine(bytes, &index, limit: 2, or: .malformedTrailer) else { return }
            guard self.line.elementsEqual("\r\n".utf8) else { throw .malformedTrailer }
            self.begin(.trailer)
        case .ended:
            throw .lengthMismatch
        case .failed(let error):
            throw error
        }
    }

    private mutating func begin(_ state: State) {
        self.line.removeAll(keepingCapacity: true)
        self.state = state
    }

    /// Collects bytes in `line` up to a newline.
    /// - Returns: whether the line is complete.
    private mutating func readLine(
        _ bytes: Span<UInt8>, _ index: inout Int, limit: Int, or error: ChunkedPayloadError
    ) throws(ChunkedPayloadError) -> Bool {
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard self.line.count < limit else { throw error }
            self.line.append(byte)
            if byte == UInt8(ascii: "\n") { return true }
        }
        return false
    }

    private mutating func openChunk() throws(ChunkedPayloadError) {
        guard let header = ChunkLine(self.line, isSigned: self.chain != nil) else { throw .malformedChunk }
        self.expectedSignature = header.signature
        guard header.byteCount > 0 else {
            try self.proveChunk(hash: .ofNothing)
            self.begin(.trailer)
            return
        }
        if self.lastChunkBytes < self.limits.chunkBytesMin {
            throw .chunkTooSmall(
                number: self.chunkNumber, bytes: self.lastChunkBytes, bytesMin: self.limits.chunkBytesMin
            )
        }
        guard self.chain == nil || header.byteCount <= self.limits.chunkBytesMax else {
            throw .chunkTooLarge(bytes: header.byteCount, bytesMax: self.limits.chunkBytesMax)
        }
        guard header.byteCount <= self.decodedByteCount - self.announced else { throw .lengthMismatch }
        self.announced += header.byteCount
        self.chunkNumber += 1
        self.lastChunkBytes = header.byteCount
        self.begin(.data(remaining: header.byteCount))
    }

    private mutating func takeData(
        _ bytes: Span<UInt8>, _ index: inout Int, remaining: Int, _ output: inout [UInt8]
    ) throws(ChunkedPayloadError) {
        let count = min(remaining, bytes.count - index)
        let piece = bytes.extracting(index..<(index + count))
        index += count
        if self.chain == nil {
            output.append(copying: piece)
        } else {
            self.held.append(copying: piece)
        }
        guard count == remaining else {
            self.state = .data(remaining: remaining - count)
            return
        }
        if self.chain != nil {
            try self.proveChunk(hash: Digest256(hashing: self.held.span))
            output.append(contentsOf: self.held)
            self.held.removeAll(keepingCapacity: true)
        }
        self.begin(.dataEnd)
    }

    private mutating func proveChunk(hash: Digest256) throws(ChunkedPayloadError) {
        guard let computed = self.chain?.signChunk(hash: hash) else { return }
        guard computed == self.expectedSignature else { throw .signatureMismatch }
    }

    private mutating func takeTrailerLine() throws(ChunkedPayloadError) {
        let isBare = self.line.count < 2 || self.line[self.line.count - 2] != UInt8(ascii: "\r")
        let text = self.line.dropLast(isBare ? 1 : 2)
        if text.isEmpty {
            guard !isBare, self.isTrailerComplete else { throw .malformedTrailer }
            self.begin(.ended)
            return
        }
        guard self.hasTrailer, !self.isTrailerSigned, let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: text[..<colon], as: UTF8.self)?.lowercased(),
            let value = String(validating: text[(colon + 1)...].trimmed, as: UTF8.self)
        else { throw .malformedTrailer }
        if name == "x-amz-trailer-signature" {
            try self.proveTrailer(value)
        } else {
            guard self.trailerNames.contains(name), !self.trailers.contains(name) else { throw .malformedTrailer }
            self.trailers.append(name, value)
        }
        self.begin(isBare ? .trailerLineEnd : .trailer)
    }

    private mutating func proveTrailer(_ signature: String) throws(ChunkedPayloadError) {
        guard self.chain != nil else { throw .malformedTrailer }
        var canonical: [UInt8] = []
        for field in self.trailers.fields { canonical.append(contentsOf: "\(field.name):\(field.value)\n".utf8) }
        guard let computed = self.chain?.signTrailer(canonical), Digest256(lowercaseHex: signature.utf8) == computed
        else { throw .signatureMismatch }
        self.isTrailerSigned = true
    }

    private var isTrailerComplete: Bool {
        guard self.hasTrailer else { return true }
        return self.trailers.count == self.trailerNames.count && (self.chain == nil || self.isTrailerSigned)
    }
}

/// The line that opens a chunk: the size in hexadecimal and, for signed chunks, `;chunk-signature=`.
private struct ChunkLine {
    /// Digits of a size; more could overflow.
    private static let digitCountMax = 15

    let byteCount: Int
    let signature: Digest256?

    /// - Returns: nil unless the line is exactly as AWS defines it.
    init?(_ line: [UInt8], isSigned: Bool) {
        guard line.count > 2, line[line.count - 2] == UInt8(ascii: "\r") else { return nil }
        let text = line.dropLast(2)
        let digits = text.prefix { ASCII.hexValue($0) != nil }
        guard (1...Self.digitCountMax).contains(digits.count) else { return nil }
        self.byteCount = digits.reduce(0) { $0 << 4 | Int(ASCII.hexValue($1) ?? 0) }
        let rest = text.dropFirst(digits.count)
        guard isSigned else {
            guard rest.isEmpty else { return nil }
            self.signature = nil
            return
        }
        let prefix = ";chunk-signature="
        guard rest.starts(with: prefix.utf8), let signature = Digest256(lowercaseHex: rest.dropFirst(prefix.utf8.count))
        else { return nil }
        self.signature = signature
    }
}

extension ArraySlice<UInt8> {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmed: ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let start = self.firstIndex { !isSpace($0) } ?? self.endIndex
        let end = self.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
        return self[start..<end]
    }
}

extension [UInt8] {
    fileprivate mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe self.append(contentsOf: $0) }
    }
}
