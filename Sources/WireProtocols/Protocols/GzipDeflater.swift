internal import CZlib

/// Compresses to gzip incrementally, as one member, which `finish` completes. Used by one task.
@safe package final class GzipDeflater {
    /// The output capacity for each call of zlib, in bytes.
    private static let chunkBytes = 64 * 1024
    /// zlib's window of 32 KiB, with gzip framing.
    private static let windowBits: Int32 = 15 + 16
    private static let memoryLevel: Int32 = 8

    // On the heap: zlib stores the stream's address and fails if it changes.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Returns: nil when memory is exhausted.
    package init?() {
        unsafe self.stream = .allocate(capacity: 1)
        unsafe self.stream.initialize(to: z_stream())
        let status = unsafe deflateInit2_(
            self.stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Self.windowBits, Self.memoryLevel, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            unsafe self.stream.deallocate()
            return nil
        }
    }

    deinit {
        unsafe deflateEnd(self.stream)
        unsafe self.stream.deallocate()
    }

    /// Compresses a piece and appends the output that is ready.
    package func deflate(_ input: [UInt8], appendingTo output: inout [UInt8]) {
        guard !input.isEmpty else { return }
        var input = input
        unsafe input.withUnsafeMutableBufferPointer { buffer in
            unsafe self.stream.pointee.next_in = buffer.baseAddress
            unsafe self.stream.pointee.avail_in = UInt32(buffer.count)
            self.run(Z_NO_FLUSH, &output)
        }
    }

    /// Appends the remaining output with checksum and length. The deflater cannot be used afterwards.
    package func finish(appendingTo output: inout [UInt8]) {
        unsafe self.stream.pointee.next_in = nil
        unsafe self.stream.pointee.avail_in = 0
        self.run(Z_FINISH, &output)
    }

    private func run(_ flush: Int32, _ output: inout [UInt8]) {
        repeat {
            output.append(addingCapacity: Self.chunkBytes) { span in
                unsafe span.withUnsafeMutableBufferPointer { target, count in
                    guard let base = target.baseAddress else { return }
                    unsafe self.stream.pointee.next_out = base + count
                    unsafe self.stream.pointee.avail_out = UInt32(Self.chunkBytes)
                    let status = unsafe CZlib.deflate(self.stream, flush)
                    precondition(status != Z_STREAM_ERROR, "a deflater was used after its end")
                    count += Self.chunkBytes - Int(unsafe self.stream.pointee.avail_out)
                }
            }
        } while unsafe self.stream.pointee.avail_out == 0
    }
}
