internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Distinguishes two kinds of damage in RocksDB's write-ahead log that RocksDB does not.
///
/// A crash leaves a torn record at the end: nothing after it was acknowledged, and it is cut off. A record whose
/// checksum is wrong with whole groups behind it is another matter: each group was synced before the next was begun, so
/// the damaged one had been acknowledged, and continuing without it would lose it silently.
///
/// The format of the log (RocksDB wiki, "Write Ahead Log File Format"): blocks of 32,768 bytes; a record is a masked
/// CRC-32C (4) over type and data, the length (2), the type (1), for recycled logs a log number (4), and the data. A
/// group is one `full` record, or a `first`, `middle`s and a `last`. Integers are little-endian.
enum WALDamage {
    private static let blockBytes = 32_768
    private static let headerBytes = 7
    private static let recyclableHeaderBytes = 11

    /// Looks for a whole group, or the start of one, behind damage in the logs of a directory.
    /// - Returns: the path of the damaged log; nil when only an end is torn.
    static func find(in directory: String) -> String? {
        var damaged: String?
        for name in Self.logNames(in: directory) {
            let path = directory + "/" + name
            guard let bytes = Self.read(path) else { continue }
            let scan = Self.scan(bytes)
            if let damaged, scan.hasGroup { return damaged }
            if scan.hasGroupBehindDamage { return path }
            if scan.damage != nil { damaged = damaged ?? path }
        }
        return nil
    }

    /// What a log consists of.
    struct Scan: Equatable {
        /// Where the first damage begins.
        var damage: Int?
        /// The end of the last record.
        var end = 0
        var hasGroup = false
        var hasGroupBehindDamage = false

        /// How much of the log is without damage, and without a hole of zeros.
        var intactBytes: Int { self.damage ?? self.end }
    }

    /// Walks over the records. After a record with a wrong checksum it continues at its end, or else at the next block.
    ///
    /// RocksDB passes over zeros in silence, where a record should begin. They are damage too, if a record stands
    /// behind them. `checksAll`: also the checksums before the first damage are compared, as RocksDB does itself.
    static func scan(_ bytes: [UInt8], checksAll: Bool = true) -> Scan {
        var scan = Scan()
        var hole: Int?
        var offset = 0
        while offset + Self.headerBytes <= bytes.count {
            let blockEnd = min((offset / Self.blockBytes + 1) * Self.blockBytes, bytes.count)
            let type = offset + Self.headerBytes <= blockEnd ? bytes[offset + 6] : 0
            let length = Int(bytes[offset + 4]) | Int(bytes[offset + 5]) << 8
            let header = (5...8).contains(type) ? Self.recyclableHeaderBytes : Self.headerBytes
            let end = offset + header + length
            guard (1...8).contains(type), end <= blockEnd else {
                if bytes[offset..<blockEnd].contains(where: { $0 != 0 }) {
                    scan.damage = scan.damage ?? hole ?? offset
                } else if blockEnd - offset >= Self.recyclableHeaderBytes {
                    // Fewer zeros pad a block that has no room for a header.
                    hole = hole ?? offset
                }
                offset = blockEnd
                continue
            }
            scan.damage = scan.damage ?? hole
            if !checksAll && scan.damage == nil || Self.isWhole(bytes, offset, end) {
                // `full` and `first`, plain and recyclable.
                if [1, 2, 5, 6].contains(type) {
                    scan.hasGroup = true
                    if scan.damage != nil { scan.hasGroupBehindDamage = true }
                }
            } else {
                scan.damage = scan.damage ?? offset
            }
            offset = end
            scan.end = end
        }
        return scan
    }

    private static func isWhole(_ bytes: [UInt8], _ offset: Int, _ end: Int) -> Bool {
        let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
        let checksum = Self.checksum(bytes[(offset + 6)..<end])
        // LevelDB's mask: a checksum over bytes that themselves contain checksums would be weak.
        return stored == (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    /// CRC-32C (Castagnoli).
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var value: UInt32 = .max
        for byte in bytes { value = self.table[Int((value ^ UInt32(byte)) & 255)] ^ value >> 8 }
        return ~value
    }

    /// The logs, oldest first.
    static func logNames(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasSuffix(".log") { names.append(name) }
        }
        return names.sorted(by: self.isOlder)
    }

    /// Whether a log was begun before another. Numbers have six digits, or more.
    static func isOlder(_ name: String, than other: String) -> Bool {
        (name.utf8.count, name) < (other.utf8.count, other)
    }

    static func read(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        var count = 0
        while count < size {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(descriptor, buffer.baseAddress?.advanced(by: count), size - count, off_t(count))
            }
            guard got > 0 else { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }
}
