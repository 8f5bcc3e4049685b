internal import KeyValue
internal import Primitives

/// The header of each stored value:
///
///      format 1 | flags 1 | version 8 | commit time 8 (ms since 1970) | if flag 0: stamp time 8, stamp version 8
///
/// Numbers are big-endian. The rest of the record is the value as the service gave it.
enum RecordCodec {
    static let format: UInt8 = 1
    static let headerBytes = 18
    static let stampBytes = 16
    private static let flagStamp: UInt8 = 1

    /// Replaces `output` with the header of one record.
    static func writeHeader(
        version: UInt64, time: Timestamp, stamp: ReplicationStamp?, to output: inout [UInt8]
    ) {
        output.removeAll(keepingCapacity: true)
        output.append(Self.format)
        output.append(stamp == nil ? 0 : Self.flagStamp)
        Self.append(version, to: &output)
        Self.append(UInt64(bitPattern: time.millisecondsSinceEpoch), to: &output)
        guard let stamp else { return }
        Self.append(UInt64(bitPattern: stamp.time.millisecondsSinceEpoch), to: &output)
        Self.append(stamp.version.rawValue, to: &output)
    }

    private static func append(_ value: UInt64, to output: inout [UInt8]) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe output.append(contentsOf: $0) }
    }

    /// The decoded header of a record.
    struct Header {
        /// The length of the header, in bytes.
        let byteCount: Int
        let version: CommitVersion
        let time: Timestamp
        let stamp: ReplicationStamp?
    }

    /// Decodes the header of a record.
    ///
    /// - Throws: `corrupt` for bytes that `writeHeader` does not write.
    @inline(__always)
    static func header(_ bytes: UnsafeRawBufferPointer) throws(EngineFailure) -> Header {
        let (count, flags) = unsafe (bytes.count, bytes.count >= Self.headerBytes ? bytes[1] : 0)
        let isKnown = unsafe count >= Self.headerBytes && bytes[0] == Self.format && flags & ~Self.flagStamp == 0
        let headerBytes = flags == Self.flagStamp ? Self.headerBytes + Self.stampBytes : Self.headerBytes
        guard isKnown, count >= headerBytes else {
            throw .corrupt("a record of \(count) bytes has no header that this version of Brume knows")
        }
        var stamp: ReplicationStamp?
        if flags == Self.flagStamp {
            let time = unsafe Self.timestamp(bytes, at: Self.headerBytes)
            let version = unsafe UInt64(
                bigEndian: bytes.loadUnaligned(fromByteOffset: Self.headerBytes + 8, as: UInt64.self))
            stamp = ReplicationStamp(time: time, version: CommitVersion(version))
        }
        return unsafe Header(
            byteCount: headerBytes, version: CommitVersion(Self.version(bytes)), time: Self.timestamp(bytes, at: 10),
            stamp: stamp)
    }

    /// Decodes a record.
    ///
    /// - Throws: `corrupt` for bytes that `writeHeader` does not write.
    static func decode(_ bytes: UnsafeRawBufferPointer) throws(EngineFailure) -> Versioned {
        let header = try unsafe Self.header(bytes)
        let value = unsafe Self.copy(UnsafeRawBufferPointer(rebasing: bytes[header.byteCount...]))
        return Versioned(value: value, version: header.version, time: header.time, stamp: header.stamp)
    }

    /// The bytes as an array. (`Array(bytes)` looks up its own type at run time in every call.)
    @inline(__always)
    static func copy(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { output, initializedCount in
            unsafe UnsafeMutableRawBufferPointer(output).copyMemory(from: bytes)
            initializedCount = bytes.count
        }
    }

    /// The version alone, of bytes that `decode` accepts.
    static func version(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
    }

    private static func timestamp(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Timestamp {
        let raw = unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        return Timestamp(millisecondsSinceEpoch: Int64(bitPattern: raw))
    }
}
