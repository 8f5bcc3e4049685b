internal import ServiceModel
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
}

/// The text of one object of an import or of a bulk operation, decompressed as its bytes arrive.
struct ObjectText {
    private let compression: ObjectCompression
    /// Nil for plain text.
    private let inflater: (any Inflater)?

    init(_ compression: ObjectCompression?) {
        self.compression = compression ?? .no
        self.inflater =
            switch self.compression {
            case .no: nil
            // These fail only when memory is exhausted.
            case .gzip: try? GzipInflater(outputBytesMax: .max)
            case .zstd: try? ZstdInflater()
            }
    }

    /// How many bytes of a piece of the object to pass to `next` at once.
    func stepBytes(of pieceBytes: Int) -> Int {
        self.inflater == nil ? pieceBytes : self.compression.pieceBytes
    }

    /// The text of the next bytes.
    /// - Throws: when they cannot be decompressed; the rest of the object cannot be read then.
    func next(_ bytes: [UInt8]) throws(ObjectFault) -> [UInt8] {
        guard let inflater = self.inflater else { return bytes }
        var text: [UInt8] = []
        do throws(ShapeError) {
            try inflater.inflate(bytes, appendingTo: &text)
        } catch {
            throw ObjectFault(reason: "The object is not \(self.compression.rawValue)")
        }
        return text
    }

    /// Checks, after the last byte, that the object was complete.
    func finish() throws(ObjectFault) {
        do throws(ShapeError) {
            try self.inflater?.finish()
        } catch {
            throw ObjectFault(reason: "The object is cut short")
        }
    }
}

/// Why the rest of an object cannot be read.
struct ObjectFault: Error {
    let reason: String
}
