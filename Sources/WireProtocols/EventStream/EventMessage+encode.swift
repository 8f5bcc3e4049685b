internal import Primitives

extension EventMessage {
    /// The encoded message.
    /// - Throws: `EventStreamError` when a part exceeds its limit.
    package func encode() throws(EventStreamError) -> [UInt8] {
        guard self.payload.count <= Self.payloadBytesMax else {
            throw .payloadTooLong(bytes: self.payload.count)
        }
        var headers: [UInt8] = []
        for header in self.headers {
            try Self.append(header, to: &headers)
        }
        guard headers.count <= Self.headersBytesMax else { throw .headersTooLong(bytes: headers.count) }
        var output: [UInt8] = []
        let total = Self.overheadBytes + headers.count + self.payload.count
        output.reserveCapacity(total)
        BigEndian.append(UInt32(total), to: &output)
        BigEndian.append(UInt32(headers.count), to: &output)
        BigEndian.append(Checksum.crc32(output.span), to: &output)
        output.append(contentsOf: headers)
        output.append(contentsOf: self.payload)
        BigEndian.append(Checksum.crc32(output.span), to: &output)
        return output
    }

    private static func append(_ header: Header, to output: inout [UInt8]) throws(EventStreamError) {
        let name = header.name.utf8
        guard (1...Self.headerNameBytesMax).contains(name.count) else {
            throw .malformed("a header's name of \(name.count) bytes")
        }
        output.append(bytesMax: 1 + name.count) { cursor in
            cursor.append(byte: UInt8(truncatingIfNeeded: name.count))
            cursor.append(name.span)
        }
        switch header.value {
        case .boolean(let value):
            output.append(value ? 0 : 1)
        case .byte(let value):
            output.append(2)
            output.append(UInt8(bitPattern: value))
        case .short(let value):
            output.append(3)
            BigEndian.append(UInt16(bitPattern: value), to: &output)
        case .integer(let value):
            output.append(4)
            BigEndian.append(UInt32(bitPattern: value), to: &output)
        case .long(let value):
            output.append(5)
            BigEndian.append(UInt64(bitPattern: value), to: &output)
        case .bytes(let value):
            output.append(6)
            try self.append(value, to: &output)
        case .string(let value):
            try self.append(value, to: &output)
        case .timestamp(let value):
            output.append(8)
            BigEndian.append(UInt64(bitPattern: value), to: &output)
        case .uuid(let high, let low):
            output.append(9)
            BigEndian.append(high, to: &output)
            BigEndian.append(low, to: &output)
        }
    }

    /// Appends a string with its type and length in one write: every event has three.
    private static func append(_ value: String, to output: inout [UInt8]) throws(EventStreamError) {
        let text = value.utf8
        let count = try self.valueLength(text.count)
        output.append(bytesMax: 3 + text.count) { cursor in
            cursor.append(byte: 7)
            cursor.append(byte: UInt8(truncatingIfNeeded: count >> 8))
            cursor.append(byte: UInt8(truncatingIfNeeded: count))
            cursor.append(text.span)
        }
    }

    private static func append(_ value: [UInt8], to output: inout [UInt8]) throws(EventStreamError) {
        BigEndian.append(try self.valueLength(value.count), to: &output)
        output.append(contentsOf: value)
    }

    private static func valueLength(_ count: Int) throws(EventStreamError) -> UInt16 {
        guard count <= self.headerValueBytesMax else { throw .malformed("a header's value of \(count) bytes") }
        return UInt16(count)
    }
}
