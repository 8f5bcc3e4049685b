/// A value of a model's metadata.
package enum GGUFValue: Sendable, Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case flag(Bool)
    case text(String)
    /// An array of at most `GGUFLimits.keptElementsMax` numbers or flags (as 0 and 1).
    case integers([Int64])
    case floats([Double])
    /// Skipped: texts, long arrays and the like; the number of elements, or of a text's bytes.
    case left(type: GGUFValueType, count: UInt64)
}

/// The types of a value, by their number in the file.
/// - Source: ggml's `gguf.h`, `enum gguf_type`.
package enum GGUFValueType: UInt32, Sendable, Hashable, CaseIterable {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// The size of a number or flag; the minimum size of a string (its length) and of an array (its type and count).
    var bytesMin: UInt64 {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .string: 8
        case .array: 12
        }
    }
}

/// Limits of the reader. Sizes in a file are also checked against its own size before memory is allocated.
package enum GGUFLimits {
    /// Metadata and tensor table of one file together, in bytes. A vocabulary of 256,000 tokens takes some 10 MiB.
    package static let headBytesMax: UInt64 = 256 << 20
    /// The size of one file, so that no sum of sizes overflows; the largest known models have some hundred GiB.
    package static let fileBytesMax: UInt64 = 1 << 48
    /// Keys of one file. Real models have fewer than a hundred.
    package static let metadataCountMax: UInt64 = 65_536
    /// Tensors of one file; the largest models have some thousand.
    package static let tensorCountMax: UInt64 = 262_144
    /// The length of a key in bytes.
    /// - Source: the GGUF specification, "gguf_metadata_kv_t".
    package static let keyBytesMax: UInt64 = 65_535
    /// The length of a tensor's name in bytes; ggml allows 63.
    package static let tensorNameBytesMax: UInt64 = 63
    /// Dimensions of a tensor.
    package static let dimensionCountMax: UInt64 = 4
    /// Texts up to this many bytes are kept (chat templates have some ten thousand); longer ones are skipped.
    package static let keptTextBytesMax: UInt64 = 262_144
    /// Arrays up to this many numbers are kept (one number for each layer); longer ones are skipped.
    package static let keptElementsMax: UInt64 = 4_096
    /// The maximum alignment of tensors, in bytes.
    package static let alignmentBytesMax: UInt64 = 1_048_576
    /// Parts of a split model.
    package static let partCountMax: UInt64 = 1_024
}
