internal import CZlib
package import ServiceModel

/// Inflates gzip incrementally, up to a limit, so that a small body cannot exhaust memory.
///
/// Consecutive members form one stream (RFC 1952, 2.2). Used by one task.
@safe package final class GzipInflater {
    /// The output capacity for each call of zlib, in bytes.
    private static let chunkBytes = 64 * 1024
    /// zlib's window of 32 KiB, with gzip framing only.
    private static let windowBits: Int32 = 15 + 16

    // On the heap: zlib stores the stream's address and fails if it changes.
    private let stream: UnsafeMutablePointer<z_stream>
    private let outputBytesMax: Int
    private var outputBytes = 0
    /// Whether the last member is complete and no byte of another was received.
    private var isAtEnd = false

    /// Output of more than `outputBytesMax` will be refused.
    package init(outputBytesMax: Int) throws(ShapeError) {
        self.outputBytesMax = outputBytesMax
        unsafe self.stream = .allocate(capacity: 1)
        unsafe self.stream.initialize(to: z_stream())
        let status = unsafe inflateInit2_(
            self.stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .limitExceeded("no memory to inflate a body") }
    }

    deinit {
        unsafe inflateEnd(self.stream)
        unsafe self.stream.deallocate()
    }

    /// Appends the decompressed content of a piece.
    /// - Throws: `malformed` for invalid gzip, `limitExceeded` beyond the limit; the inflater cannot be used
    ///   afterwards.
    package func inflate(_ input: [UInt8], appendingTo output: inout [UInt8]) throws(ShapeError) {
        guard !input.isEmpty else { return }
        var input = input
        let failure: ShapeError? = unsafe input.withUnsafeMutableBufferPointer { buffer in
            unsafe self.stream.pointee.next_in = buffer.baseAddress
            unsafe self.stream.pointee.avail_in = UInt32(buffer.count)
            while unsafe self.stream.pointee.avail_in > 0 {
                if let failure = self.step(&output) { return failure }
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Calls zlib until it has no more output for the current input.
    private func step(_ output: inout [UInt8]) -> ShapeError? {
        if self.isAtEnd {
            guard unsafe inflateReset(self.stream) == Z_OK else { return .malformed("gzip: cannot start over") }
            self.isAtEnd = false
        }
        repeat {
            var status: Int32 = Z_OK
            let before = output.count
            output.append(addingCapacity: Self.chunkBytes) { span in
                unsafe span.withUnsafeMutableBufferPointer { target, count in
                    guard let base = target.baseAddress else { return }
                    unsafe self.stream.pointee.next_out = base + count
                    unsafe self.stream.pointee.avail_out = UInt32(Self.chunkBytes)
                    status = unsafe CZlib.inflate(self.stream, Z_NO_FLUSH)
                    count += Self.chunkBytes - Int(unsafe self.stream.pointee.avail_out)
                }
            }
            self.outputBytes += output.count - before
            if self.outputBytes > self.outputBytesMax {
                return .limitExceeded("a body of more than \(self.outputBytesMax) bytes behind its Content-Encoding")
            }
            switch status {
            case Z_OK: break
            case Z_STREAM_END:
                self.isAtEnd = true
                return nil
            // No progress is only valid if the input is used up.
            case Z_BUF_ERROR where unsafe self.stream.pointee.avail_in == 0: return nil
            default: return .malformed("gzip: the body is damaged")
            }
        } while unsafe self.stream.pointee.avail_out == 0
        return nil
    }

    /// Checks that the last member is complete; zlib has verified its checksum and length.
    package func finish() throws(ShapeError) {
        guard self.isAtEnd else { throw .malformed("gzip: the body is cut short") }
    }
}
