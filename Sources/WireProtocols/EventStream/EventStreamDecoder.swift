internal import Primitives

/// Decodes an event stream incrementally, as its bytes arrive. For operations that take events, such as
/// InvokeModelWithBidirectionalStream: none is served yet, so only tests call it.
///
/// After each `append`, call `next` until it returns nil. The decoder buffers one incomplete message and what was
/// appended last, and refuses a message that exceeds the format's limits as soon as its prelude is complete.
package struct EventStreamDecoder: Sendable {
    private var buffer: [UInt8] = []
    /// The offset of the next message.
    private var start = 0
    private var failure: EventStreamError?

    package init() {}

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if self.start > 0, self.start >= self.buffer.count / 2 {
            self.buffer.removeSubrange(..<self.start)
            self.start = 0
        }
        self.buffer.append(contentsOf: bytes)
    }

    /// Bytes of an incomplete message.
    package var pendingByteCount: Int { self.buffer.count - self.start }

    /// The next complete message; nil when more bytes are needed.
    /// - Throws: after a failure, the same error at every call.
    package mutating func next() throws(EventStreamError) -> EventMessage? {
        if let failure = self.failure { throw failure }
        do {
            return try self.decode()
        } catch {
            self.failure = error
            self.buffer = []
            self.start = 0
            throw error
        }
    }

    /// Checks that the stream did not end within a message.
    package func finish() throws(EventStreamError) {
        if let failure = self.failure { throw failure }
        guard self.pendingByteCount == 0 else { throw .truncated }
    }

    private mutating func decode() throws(EventStreamError) -> EventMessage? {
        let bytes = self.buffer[self.start...]
        guard bytes.count >= EventMessage.preludeBytes else { return nil }
        let total = Int(Self.number(bytes, 0))
        let headers = Int(Self.number(bytes, 4))
        let prelude = bytes.prefix(8)
        guard Checksum.crc32(prelude.span) == Self.number(bytes, 8) else { throw .checksumMismatch }
        guard headers <= EventMessage.headersBytesMax else { throw .headersTooLong(bytes: headers) }
        guard total >= EventMessage.overheadBytes else { throw .malformed("a length of \(total)") }
        guard headers <= total - EventMessage.overheadBytes else { throw .headersTooLong(bytes: headers) }
        let payload = total - EventMessage.overheadBytes - headers
        guard payload <= EventMessage.payloadBytesMax else { throw .payloadTooLong(bytes: payload) }
        guard bytes.count >= total else { return nil }
        let message = bytes.prefix(total)
        let checked = message.dropLast(4)
        guard Checksum.crc32(checked.span) == Self.number(message, total - 4) else { throw .checksumMismatch }
        let content = message.dropFirst(EventMessage.preludeBytes)
        let decoded = EventMessage(
            headers: try Self.headers(content.prefix(headers)),
            payload: Array(content.dropFirst(headers).dropLast(4)))
        self.start += total
        return decoded
    }

    private static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> UInt32 {
        BigEndian.read(UInt32.self, from: bytes, at: offset) ?? 0
    }

    private static func headers(_ bytes: ArraySlice<UInt8>) throws(EventStreamError) -> [EventMessage.Header] {
        var cursor = Cursor(bytes: bytes)
        var headers: [EventMessage.Header] = []
        var names: Set<String> = []
        while !cursor.bytes.isEmpty {
            let name = try cursor.text(Int(try cursor.number(UInt8.self)))
            guard !name.isEmpty else { throw .malformed("a header without a name") }
            guard names.insert(name).inserted else { throw .duplicateHeader(name) }
            headers.append(EventMessage.Header(name, try cursor.value()))
        }
        return headers
    }

    /// Reads headers from left to right.
    private struct Cursor {
        var bytes: ArraySlice<UInt8>

        mutating func take(_ count: Int) throws(EventStreamError) -> ArraySlice<UInt8> {
            guard self.bytes.count >= count else { throw .malformed("a header that is cut off") }
            let taken = self.bytes.prefix(count)
            self.bytes = self.bytes.dropFirst(count)
            return taken
        }

        mutating func number<Value: FixedWidthInteger & UnsignedInteger>(
            _ type: Value.Type
        ) throws(EventStreamError) -> Value {
            BigEndian.read(type, from: try self.take(Value.bitWidth / 8)) ?? 0
        }

        mutating func text(_ count: Int) throws(EventStreamError) -> String {
            guard let text = String(validating: try self.take(count), as: UTF8.self) else {
                throw .malformed("a header that is not UTF-8")
            }
            return text
        }

        mutating func value() throws(EventStreamError) -> EventMessage.HeaderValue {
            switch try self.number(UInt8.self) {
            case 0: return .boolean(true)
            case 1: return .boolean(false)
            case 2: return .byte(Int8(bitPattern: try self.number(UInt8.self)))
            case 3: return .short(Int16(bitPattern: try self.number(UInt16.self)))
            case 4: return .integer(Int32(bitPattern: try self.number(UInt32.self)))
            case 5: return .long(Int64(bitPattern: try self.number(UInt64.self)))
            case 6: return .bytes(Array(try self.take(try self.valueLength())))
            case 7: return .string(try self.text(try self.valueLength()))
            case 8: return .timestamp(Int64(bitPattern: try self.number(UInt64.self)))
            case 9: return .uuid(high: try self.number(UInt64.self), low: try self.number(UInt64.self))
            case let type: throw .malformed("a header of the unknown type \(type)")
            }
        }

        private mutating func valueLength() throws(EventStreamError) -> Int {
            let length = Int(try self.number(UInt16.self))
            guard length <= EventMessage.headerValueBytesMax else {
                throw .malformed("a header's value of \(length) bytes")
            }
            return length
        }
    }
}
