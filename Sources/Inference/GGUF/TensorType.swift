/// The storage formats of tensors: ggml's types that occur in files.
///
/// A quantised row is divided into blocks of `blockElements` numbers, each stored in `blockBytes` bytes with its
/// scales. Missing numbers (4, 5, 31 to 33, 36 to 38) were withdrawn by ggml; nothing reads them any more.
/// - Source: ggml's `ggml.h` and `ggml-common.h`; gguf-py's `GGML_QUANT_SIZES` of version 0.19.
package enum TensorType: UInt32, Sendable, Hashable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4Zero = 2
    case q4One = 3
    case q5Zero = 6
    case q5One = 7
    case q8Zero = 8
    case q8One = 9
    case q2K = 10
    case q3K = 11
    case q4K = 12
    case q5K = 13
    case q6K = 14
    case q8K = 15
    case iq2XXS = 16
    case iq2XS = 17
    case iq3XXS = 18
    case iq1S = 19
    case iq4NL = 20
    case iq3S = 21
    case iq2S = 22
    case iq4XS = 23
    case i8 = 24
    case i16 = 25
    case i32 = 26
    case i64 = 27
    case f64 = 28
    case iq1M = 29
    case bf16 = 30
    case tq1Zero = 34
    case tq2Zero = 35
    case mxfp4 = 39
    case nvfp4 = 40
    case q1Zero = 41

    /// ggml's name for it.
    package var label: String { self.layout.label }

    /// Numbers in one block.
    package var blockElements: UInt64 { self.layout.elements }

    /// Bytes of one block.
    package var blockBytes: UInt64 { self.layout.bytes }

    /// The size of `elements` numbers; nil when they are not whole blocks, or take more than 2^64 - 1 bytes.
    package func bytes(elements: UInt64) -> UInt64? {
        let (blocks, rest) = elements.quotientAndRemainder(dividingBy: self.blockElements)
        let (bytes, overflow) = blocks.multipliedReportingOverflow(by: self.blockBytes)
        return rest == 0 && !overflow ? bytes : nil
    }

    private var layout: (label: String, elements: UInt64, bytes: UInt64) {
        switch self {
        case .f32: ("F32", 1, 4)
        case .f16: ("F16", 1, 2)
        case .bf16: ("BF16", 1, 2)
        case .f64: ("F64", 1, 8)
        case .i8: ("I8", 1, 1)
        case .i16: ("I16", 1, 2)
        case .i32: ("I32", 1, 4)
        case .i64: ("I64", 1, 8)
        case .q1Zero: ("Q1_0", 128, 18)
        case .q4Zero: ("Q4_0", 32, 18)
        case .q4One: ("Q4_1", 32, 20)
        case .q5Zero: ("Q5_0", 32, 22)
        case .q5One: ("Q5_1", 32, 24)
        case .q8Zero: ("Q8_0", 32, 34)
        case .q8One: ("Q8_1", 32, 40)
        case .q2K: ("Q2_K", 256, 84)
        case .q3K: ("Q3_K", 256, 110)
        case .q4K: ("Q4_K", 256, 144)
        case .q5K: ("Q5_K", 256, 176)
        case .q6K: ("Q6_K", 256, 210)
        case .q8K: ("Q8_K", 256, 292)
        case .iq1S: ("IQ1_S", 256, 50)
        case .iq1M: ("IQ1_M", 256, 56)
        case .iq2XXS: ("IQ2_XXS", 256, 66)
        case .iq2XS: ("IQ2_XS", 256, 74)
        case .iq2S: ("IQ2_S", 256, 82)
        case .iq3XXS: ("IQ3_XXS", 256, 98)
        case .iq3S: ("IQ3_S", 256, 110)
        case .iq4NL: ("IQ4_NL", 32, 18)
        case .iq4XS: ("IQ4_XS", 256, 136)
        case .tq1Zero: ("TQ1_0", 256, 54)
        case .tq2Zero: ("TQ2_0", 256, 66)
        case .mxfp4: ("MXFP4", 32, 17)
        case .nvfp4: ("NVFP4", 64, 36)
        }
    }
}
