/// The name of a model's quantisation, as used in file names: `Q4_K_M`.
package enum QuantisationLabel {
    /// Set in `general.file_type` if the number was guessed from the tensors.
    private static let guessedBit: UInt64 = 1024

    /// The names of `general.file_type`.
    /// - Source: llama.cpp's `llama.h`, `enum llama_ftype`; withdrawn numbers are omitted.
    private static let names: [UInt64: String] = [
        0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
        12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
        19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
        26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0",
        37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4", 40: "Q1_0",
    ]

    /// The label of a model, from `general.file_type`; if the file lacks it or its number is unknown, the type that
    /// takes most bytes of its tensors.
    package static func label(fileType: UInt64?, tensors: [GGUFTensor]) -> String {
        if let fileType, let name = self.names[fileType & ~self.guessedBit] { return name }
        var bytesByType: [TensorType: UInt64] = [:]
        for tensor in tensors { bytesByType[tensor.type, default: 0] += tensor.byteCount }
        let largest = bytesByType.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }
        return largest?.key.label ?? "unknown"
    }
}
