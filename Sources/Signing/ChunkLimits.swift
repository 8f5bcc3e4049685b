/// The bounds of `aws-chunked` bodies.
package struct ChunkLimits: Sendable, Hashable {
    /// Smallest chunk but the last one that has data; S3's own rule.
    package var chunkBytesMin = 8192
    /// Largest signed chunk. It is held until its signature is proven, so this bounds the memory of an upload; SDKs
    /// send 64 KiB to 1 MiB. Unsigned chunks pass through and have no bound but the body's.
    package var chunkBytesMax = 16 * 1024 * 1024
    /// The line that opens a chunk: sixteen digits and a signature fit.
    package var chunkLineBytesMax = 128
    /// One line of the trailer.
    package var trailerLineBytesMax = 1024
    /// Fields of the trailer, the signature aside.
    package var trailerCountMax = 8

    package init() {}
}

/// Why an `aws-chunked` body is not accepted.
package enum ChunkedPayloadError: Error, Sendable, Hashable {
    /// `x-amz-decoded-content-length` is not there, or no number.
    case decodedLengthMissing
    /// The line that opens a chunk, or what follows its data, is not as AWS defines it.
    case malformedChunk
    /// A chunk that is not the last with data is smaller than allowed; `number` counts from 1.
    case chunkTooSmall(number: Int, bytes: Int, bytesMin: Int)
    /// A signed chunk is larger than we hold.
    case chunkTooLarge(bytes: Int, bytesMax: Int)
    /// A signature in the chain is another than the computed one.
    case signatureMismatch
    /// The trailer is not well-formed, or not the announced one.
    case malformedTrailer
    /// The body ended early, went on behind its end, or has another length than announced.
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
