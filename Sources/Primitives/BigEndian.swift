/// Fixed-width integers in network order, appended to and read from byte arrays.
package enum BigEndian {
    @inlinable
    package static func append<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value, to output: inout [UInt8]) {
        // All bytes at once: shifts of a generic integer are calls into the standard library.
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe output.append(contentsOf: $0) }
    }

    /// - Returns: nil when fewer bytes than `type` needs follow `offset`.
    @inlinable
    package static func read<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type,
        from bytes: some RandomAccessCollection<UInt8>,
        at offset: Int = 0
    ) -> Value? {
        let width = Value.bitWidth / 8
        guard offset >= 0, bytes.count - offset >= width else { return nil }
        var value: Value = 0
        var index = bytes.index(bytes.startIndex, offsetBy: offset)
        for _ in 0..<width {
            value = value << 8 | Value(bytes[index])
            index = bytes.index(after: index)
        }
        return value
    }
}
