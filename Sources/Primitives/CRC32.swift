/// CRC-32 (ISO 3309, the polynomial of zlib), one byte at a time: for short texts in files and tokens. Answers and
/// event streams use libdeflate's, which WireProtocols wraps.
package struct CRC32: Sendable {
    @usableFromInline static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
        }
    }

    @usableFromInline var state: UInt32 = 0xFFFF_FFFF

    @inlinable
    package init() {}

    @inlinable
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        var state = self.state
        for byte in bytes {
            state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ (state >> 8)
        }
        self.state = state
    }

    /// The checksum of everything given so far; more may follow.
    @inlinable
    package var value: UInt32 { ~self.state }

    @inlinable
    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc = CRC32()
        crc.update(bytes)
        return crc.value
    }
}
