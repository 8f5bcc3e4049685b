/// The bounds of `aws-chunked` bodies.
package struct ChunkLimits: Sendable, Equatable {
    /// The smallest chunk with data, except the last one; S3's own rule.
    package var chunkBytesMin = 8192
    /// The largest signed chunk. It is buffered until its signature is verified, so this bounds the memory of an
    /// upload; SDKs send 64 KiB to 1 MiB. Unsigned chunks are passed through, and only the body's limit applies to
    /// them.
    package var chunkBytesMax = 16 * 1024 * 1024
    /// The line that opens a chunk: room for sixteen digits and a signature.
    package var chunkLineBytesMax = 128
    /// One line of the trailer.
    package var trailerLineBytesMax = 1024
    /// Fields of the trailer, the signature aside.
    package var trailerCountMax = 8

    package init() {}
}

/// Why an `aws-chunked` body is refused.
package enum ChunkedPayloadError: Error, Sendable, Equatable {
    /// `x-amz-decoded-content-length` is missing or not a number.
    case decodedLengthMissing
    /// The line that opens a chunk, or the end of its data, has the wrong form.
    case malformedChunk
    /// A chunk other than the last is smaller than allowed; `number` counts from 1.
    case chunkTooSmall(number: Int, bytes: Int, bytesMin: Int)
    /// A signed chunk is larger than `ChunkLimits.chunkBytesMax`.
    case chunkTooLarge(bytes: Int, bytesMax: Int)
    /// A signature in the chain differs from the computed one.
    case signatureMismatch
    /// The trailer is malformed, or has other fields than announced.
    case malformedTrailer
    /// The body ended early, continued after its end, or has another length than announced.
    case lengthMismatch
}

/// The checksums that S3 takes in headers and trailers.
package enum ChecksumAlgorithm: String, Sendable, Hashable, CaseIterable {
    case crc32
    case crc32c
    case crc64nvme
    case sha1
    case sha256

    /// Lower-case name of the header or trailer field, such as `x-amz-checksum-crc32`.
    package var fieldName: String { "x-amz-checksum-" + self.rawValue }

    package init?(fieldName: String) {
        let prefix = "x-amz-checksum-"
        let name = fieldName.lowercased()
        guard name.hasPrefix(prefix) else { return nil }
        self.init(rawValue: String(name.dropFirst(prefix.count)))
    }
}
