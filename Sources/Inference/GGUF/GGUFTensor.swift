/// Where a tensor's numbers lie, and what they are.
package struct GGUFTensor: Sendable, Hashable {
    /// Its name, such as `blk.0.attn_q.weight`.
    package let name: String
    /// One to four; the first is the one whose numbers stand side by side.
    package let dimensions: [UInt64]
    package let type: TensorType
    /// The part of a split model that has it, from 0.
    package let part: Int
    /// Its first byte, from the beginning of that file.
    package let offset: UInt64
    package let byteCount: UInt64

    /// How many numbers it has.
    package var elementCount: UInt64 { self.dimensions.reduce(1, *) }

    /// The layer that it belongs to, from 0; nil for those of the whole model.
    package var layer: Int? {
        guard self.name.hasPrefix("blk.") else { return nil }
        let digits = self.name.dropFirst(4).prefix { $0 != "." }
        return digits.count <= 5 ? Int(digits) : nil
    }
}
