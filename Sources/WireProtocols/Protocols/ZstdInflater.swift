internal import CZstd
package import ServiceModel

/// Decompresses an object incrementally. Used by one task.
package protocol Inflater: AnyObject {
    /// Appends the decompressed content of a piece.
    /// - Throws: `malformed` for invalid input; the inflater cannot be used afterwards.
    func inflate(_ input: [UInt8], appendingTo output: inout [UInt8]) throws(ShapeError)
    /// Checks that the input was complete.
    func finish() throws(ShapeError)
}

extension GzipInflater: Inflater {}

/// Inflates Zstandard (RFC 8878). Consecutive frames form one stream.
///
/// A frame needs as much memory as its window; zstd refuses windows of more than 128 MiB. A few bytes can expand to a
/// block of 128 KiB, so callers that pass large pieces must have memory for the output.
@safe package final class ZstdInflater: Inflater {
    /// The output capacity for each call of zstd, in bytes.
    private static let chunkBytes = 64 * 1024

    private let stream: OpaquePointer
    /// Whether the last frame is complete and no byte of another was received.
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

    /// Calls zstd until the input is used up and no output is pending.
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
            // The frame is complete: another one follows, or nothing.
            if self.isAtEnd { isFull = false }
        }
        return true
    }

    package func finish() throws(ShapeError) {
        guard self.isAtEnd else { throw .malformed("zstd: the object is cut short") }
    }
}
