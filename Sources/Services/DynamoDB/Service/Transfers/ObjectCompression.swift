internal import WireProtocols

/// How the objects of an import or of a bulk operation are compressed, in AWS's words.
enum ObjectCompression: String, Sendable, Hashable {
    case no = "NONE"
    case gzip = "GZIP"
    case zstd = "ZSTD"

    /// Compressed bytes that are inflated at once: gzip makes at most a thousand times as many of them, Zstandard
    /// 128 KiB of four bytes.
    var pieceBytes: Int { self == .zstd ? 256 : 8 << 10 }

    /// What gives the text of an object; nil where it is text already.
    var inflater: (any Inflater)? {
        switch self {
        case .no: nil
        // They fail only where there is no memory.
        case .gzip: try? GzipInflater(outputBytesMax: .max)
        case .zstd: try? ZstdInflater()
        }
    }
}
