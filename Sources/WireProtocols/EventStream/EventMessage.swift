internal import Primitives

/// One message of `application/vnd.amazon.eventstream`.
///
///     total length (4) | headers length (4) | CRC-32 of these 8 | headers | payload | CRC-32 of everything before
///
/// - Source: AWS, "Amazon Transcribe streaming: event stream encoding"; limits as in aws-c-event-stream.
package struct EventMessage: Sendable, Equatable {
    /// A header's value in one of the nine types of the format.
    package enum HeaderValue: Sendable, Hashable {
        case boolean(Bool)
        case byte(Int8)
        case short(Int16)
        case integer(Int32)
        case long(Int64)
        /// At most `headerValueBytesMax` bytes.
        case bytes([UInt8])
        /// At most `headerValueBytesMax` bytes of UTF-8.
        case string(String)
        /// Milliseconds since 1970.
        case timestamp(Int64)
        /// 16 bytes, big-endian.
        case uuid(high: UInt64, low: UInt64)
    }

    /// A named value that precedes the payload.
    package struct Header: Sendable, Hashable {
        /// 1 to 255 bytes of UTF-8, unique in its message.
        package var name: String
        package var value: HeaderValue

        package init(_ name: String, _ value: HeaderValue) {
            self.name = name
            self.value = value
        }
    }

    /// The limit for all headers together, in bytes.
    package static let headersBytesMax = 128 * 1024
    package static let payloadBytesMax = 24 * 1024 * 1024
    package static let headerNameBytesMax = 255
    /// The limit for a string or byte-array value, in bytes.
    package static let headerValueBytesMax = 32_767
    /// The prelude, its checksum and the checksum of the message.
    package static let overheadBytes = 16
    static let preludeBytes = 12

    package var headers: [Header]
    package var payload: [UInt8]

    package init(headers: [Header] = [], payload: [UInt8] = []) {
        self.headers = headers
        self.payload = payload
    }

    /// The value of a header.
    package func header(_ name: String) -> HeaderValue? {
        self.headers.first { $0.name == name }?.value
    }

    /// The value of a header if it is a string.
    package func string(_ name: String) -> String? {
        guard case .string(let text) = self.header(name) else { return nil }
        return text
    }
}

/// Why bytes cannot be decoded as a message, or a message cannot be encoded. The stream cannot continue after it.
package enum EventStreamError: Error, Sendable, Equatable {
    /// The CRC of the prelude or of the message does not match.
    case checksumMismatch
    case duplicateHeader(String)
    /// More than `headersBytesMax`, or longer than the message.
    case headersTooLong(bytes: Int)
    case payloadTooLong(bytes: Int)
    case malformed(String)
    /// The stream ended within a message.
    case truncated
}
