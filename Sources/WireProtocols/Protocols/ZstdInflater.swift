internal import CZstd
package import ServiceModel

/// What gives the text of a compressed object, piece by piece. Used by one task.
package protocol Inflater: AnyObject {
    /// Appends what a piece of the compressed form holds.
    /// - Throws: `malformed` for what is not of the form; the inflater is dead then.
    func inflate(_ input: [UInt8], appendingTo output: inout [UInt8]) throws(ShapeError)
    /// Checks that the end was whole.
    func finish() throws(ShapeError)
}

extension GzipInflater: Inflater {}

/// Inflates Zstandard (RFC 8878). Several frames in a row count as one stream.
///
/// A frame asks for as much memory as its window has; zstd refuses windows of more than 128 MiB.
/// A few bytes can become a block of 128 KiB, so whoever takes large pieces needs room for what they become.
@safe package final class ZstdInflater: Inflater {
    /// Bytes of room that one call of zstd gets.
    private static let chunkBytes = 64 * 1024

    private let stream: OpaquePointer
    /// Whether the last frame has ended and nothing of another has come.
    private var isAtEnd = false

    package init() throws(ShapeError) {
        guard let stream = unsafe ZSTD_createDStream() else {
            throw .limitExceeded("no memory to inflate an object")
        }
        unsafe self.stream = stream
    }

    deinit {
        unsafe ZSTD_freeDStream(self.stream)
    }

    package func inflate(_ input: [UInt8], appendingTo output: inout [UInt8]) throws(ShapeError) {
        guard !input.isEmpty else { return }
        let isLawful = unsafe input.withUnsafeBytes { buffer in
            var source = unsafe ZSTD_inBuffer(src: buffer.baseAddress, size: buffer.count, pos: 0)
            return unsafe self.run(&source, &output)
        }
        guard isLawful else { throw .malformed("zstd: the object is damaged") }
    }

    /// Calls zstd until the input is used up and nothing is held back.
    private func run(_ source: inout ZSTD_inBuffer, _ output: inout [UInt8]) -> Bool {
        var isFull = true
        while unsafe source.pos < source.size || isFull {
            var status = 0
            output.append(addingCapacity: Self.chunkBytes) { span in
                unsafe span.withUnsafeMutableBufferPointer { target, count in
                    guard let base = target.baseAddress else { return }
                    var room = unsafe ZSTD_outBuffer(dst: base + count, size: Self.chunkBytes, pos: 0)
                    status = unsafe ZSTD_decompressStream(self.stream, &room, &source)
                    count += unsafe room.pos
                    isFull = unsafe room.pos == room.size
                }
            }
            if ZSTD_isError(status) != 0 { return false }
            self.isAtEnd = status == 0
            // A frame has ended: what follows is another, or nothing.
            if self.isAtEnd { isFull = false }
        }
        return true
    }

    package func finish() throws(ShapeError) {
        guard self.isAtEnd else { throw .malformed("zstd: the object is cut short") }
    }
}
