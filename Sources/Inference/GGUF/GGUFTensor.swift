/// The position and format of a tensor.
package struct GGUFTensor: Sendable, Equatable {
    /// Its name, such as `blk.0.attn_q.weight`.
    package let name: String
    /// One to four; the first is contiguous in memory.
    package let dimensions: [UInt64]
    package let type: TensorType
    /// The index of the part of a split model that contains it, from 0.
    package let part: Int
    /// The offset of its first byte in that file.
    package let offset: UInt64
    package let byteCount: UInt64

    /// The number of elements.
    package var elementCount: UInt64 { self.dimensions.reduce(1, *) }

    /// The layer that it belongs to, from 0; nil for tensors of the whole model.
    package var layer: Int? {
        guard self.name.hasPrefix("blk.") else { return nil }
        let digits = self.name.dropFirst(4).prefix { $0 != "." }
        return digits.count <= 5 ? Int(digits) : nil
    }
}
