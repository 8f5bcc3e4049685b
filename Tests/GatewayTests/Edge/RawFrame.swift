import NIOCore
import NIOHPACK

/// Frames as bytes, for what no client library would send.
enum RawFrame {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// GET / of authority `a`, by indexes of the static table.
    static let requestBlock: [UInt8] = [0x82, 0x84, 0x86, 0x41, 0x01, 0x61]
    static let endStream: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: Int = 0, _ payload: [UInt8] = []) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0]
            + [UInt8(stream >> 8), UInt8(stream & 0xFF)] + payload
    }

    static func request(stream: Int) -> [UInt8] {
        self.frame(1, flags: self.endStream | self.endHeaders, stream: stream, self.requestBlock)
    }

    /// SETTINGS_INITIAL_WINDOW_SIZE = 0: not a byte of a body may be sent.
    static let noWindow = Self.frame(4, [0, 4, 0, 0, 0, 0])

    static let acknowledgement = Self.frame(4, flags: 1)

    /// The same with a field of so many bytes, in as many frames as that takes.
    static func request(stream: Int, fieldBytes: Int) -> [UInt8] {
        // A name and a value in full, neither of which goes into the table (RFC 7541, 6.2.2).
        var block = self.requestBlock + [0, 6] + Array("x-long".utf8) + [127]
        var rest = fieldBytes - 127
        while rest > 127 {
            block.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        block.append(UInt8(rest))
        block += [UInt8](repeating: UInt8(ascii: "a"), count: fieldBytes)
        let starts = Array(stride(from: 0, to: block.count, by: Self.payloadBytesMax))
        return starts.flatMap { start in
            let piece = Array(block[start...].prefix(Self.payloadBytesMax))
            let flags = start == starts.last ? self.endHeaders : 0
            return start == 0
                ? self.frame(1, flags: flags | self.endStream, stream: stream, piece)
                : self.frame(9, flags: flags, stream: stream, piece)
        }
    }

    /// HTTP/2's default for SETTINGS_MAX_FRAME_SIZE.
    private static let payloadBytesMax = 16_384

    /// The status of each answer in the bytes, by its stream.
    static func statuses(in bytes: [UInt8]) -> [Int: String] {
        var statuses: [Int: String] = [:]
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        for frame in self.frames(in: bytes) where frame.type == 1 {
            var block = ByteBuffer(bytes: frame.payload)
            guard let headers = try? decoder.decodeHeaders(from: &block) else { continue }
            statuses[frame.stream] = headers.first(name: ":status")
        }
        return statuses
    }

    /// Those that are whole.
    private static func frames(in bytes: [UInt8]) -> [(type: UInt8, stream: Int, payload: [UInt8])] {
        var frames: [(type: UInt8, stream: Int, payload: [UInt8])] = []
        var index = 0
        while index + 9 <= bytes.count {
            let length = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
            guard index + 9 + length <= bytes.count else { break }
            let stream = Int(bytes[index + 7]) << 8 | Int(bytes[index + 8])
            frames.append((bytes[index + 3], stream, Array(bytes[(index + 9)...].prefix(length))))
            index += 9 + length
        }
        return frames
    }

    /// Stream and error code of each RST_STREAM in the bytes.
    static func resets(in bytes: [UInt8]) -> [[Int]] {
        self.frames(in: bytes).filter { $0.type == 3 }.map { [$0.stream, Int($0.payload[3])] }
    }
}
