internal import WireProtocols

/// The compression of the objects of an import or of a bulk operation, in AWS's words.
enum ObjectCompression: String, Sendable, Hashable {
    case no = "NONE"
    case gzip = "GZIP"
    case zstd = "ZSTD"

    /// Compressed bytes inflated at once, which bounds the output: gzip expands at most a thousandfold, Zstandard four
    /// bytes to 128 KiB.
    var pieceBytes: Int { self == .zstd ? 256 : 8 << 10 }

    /// Bytes of text that are split into records at once. Records of two bytes take thirty times theirs, so not all
    /// that comes of a compressed piece may be split before the first are written.
    static let textBytes = 64 << 10

    /// Decompresses an object; nil for plain text.
    var inflater: (any Inflater)? {
        switch self {
        case .no: nil
        // These fail only when memory is exhausted.
        case .gzip: try? GzipInflater(outputBytesMax: .max)
        case .zstd: try? ZstdInflater()
        }
    }
}
