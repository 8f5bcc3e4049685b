/// A piece of a container's output.
package struct LogPiece: Sendable, Equatable {
    /// The stream that it was written to.
    package enum Stream: UInt8, Sendable, Hashable {
        case input = 0
        case output = 1
        case error = 2
    }

    package var stream: Stream
    package var bytes: [UInt8]
}

/// Cuts the engine's stream of logs into what was written to standard output and to standard error.
///
/// Each frame has a head of eight bytes: the stream, three zeros, and the count of bytes in big-endian order. A
/// container with a terminal has no frames.
/// - Source: Docker Engine API, "Attach to a container", stream format.
package struct LogFrames: Sendable {
    /// A frame that claims to be longer is invalid.
    package static let frameBytesMax = 16 << 20

    private let hasFrames: Bool
    private var head: [UInt8] = []
    private var stream = LogPiece.Stream.output
    /// Bytes of the current frame that are still to come.
    private var left = 0

    package init(hasTerminal: Bool) {
        self.hasFrames = !hasTerminal
    }

    /// - Returns: the pieces in order; one frame may give several.
    /// - Throws: when the bytes are not frames.
    package mutating func pieces(of bytes: [UInt8]) throws(ContainerEngineError) -> [LogPiece] {
        guard self.hasFrames else { return bytes.isEmpty ? [] : [LogPiece(stream: .output, bytes: bytes)] }
        var pieces: [LogPiece] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if self.left > 0 {
                let piece = rest.prefix(self.left)
                pieces.append(LogPiece(stream: self.stream, bytes: Array(piece)))
                self.left -= piece.count
                rest = rest.dropFirst(piece.count)
                continue
            }
            let missing = rest.prefix(8 - self.head.count)
            self.head += missing
            rest = rest.dropFirst(missing.count)
            guard self.head.count == 8 else { break }
            guard let stream = LogPiece.Stream(rawValue: self.head[0]), self.head[1...3].allSatisfy({ $0 == 0 }) else {
                throw .malformed("a frame of the logs begins with \(self.head)")
            }
            self.stream = stream
            self.left = self.head[4...].reduce(0) { $0 << 8 | Int($1) }
            guard self.left <= Self.frameBytesMax else {
                throw .malformed("a frame of the logs is \(self.left) bytes long")
            }
            self.head = []
        }
        return pieces
    }
}
