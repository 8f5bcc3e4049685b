#if os(Linux) && arch(x86_64)
import CRocksDBChecksum
import Foundation
import Glibc
import Primitives
import Testing

/// The checksum that RocksDB's library takes in place of its own.
@Suite struct ChecksumTests {
    private static func checksum(_ bytes: [UInt8], after checksum: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe rocksdb_crc32c_extend(
                checksum, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
    }

    /// From the definition, bit by bit.
    private static func slowly(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { state, byte in
            (0..<8).reduce(state ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
        }
    }

    @Test func `the library takes it from the program, not from itself`() throws {
        let place = unsafe UInt(bitPattern: dlsym(nil, "_ZN7rocksdb6crc32c6ExtendEjPKcm"))
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n")
        let file = maps.first { line in
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            return ends.count == 2 && ends[0] <= place && place < ends[1]
        }
        #expect(try #require(file).contains("librocksdb") == false)
    }

    /// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
    @Test func `known texts have the known checksums`() {
        #expect(Self.checksum([]) == 0)
        #expect(Self.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(Self.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(Self.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(Self.checksum(Array(0..<32)) == 0x46DD_794E)
    }

    @Test func `texts of every length, in one piece or two, have the checksum of the definition`() {
        let random = SeededRandomSource(seed: 0xC4C)
        for count in 0..<300 {
            let bytes = random.bytes(count)
            let cut = count == 0 ? 0 : Int(random.next() % UInt64(count))
            let expected = Self.slowly(bytes)
            #expect(Self.checksum(bytes) == expected)
            #expect(Self.checksum(Array(bytes[cut...]), after: Self.checksum(Array(bytes[..<cut]))) == expected)
        }
    }
}
#endif
