import Primitives
import TestSupport
import Testing
import WireProtocols

/// The framing of event streams: botocore's cases, limits, and frames that arrive in pieces.
@Suite struct EventFrameTests {
    struct Case: Sendable, CustomStringConvertible {
        let description: String
        let bytes: [UInt8]
        let content: CaseJSON
    }

    private static func load(_ list: String) -> [Case] {
        (CaseFile.all("eventstream-framing").first?.content[list]?.array ?? []).map {
            let text = $0["bytes"]?.string ?? $0["preludeBytes"]?.string ?? ""
            return Case(
                description: $0["name"]?.string ?? "", bytes: Base64.decode(Array(text.utf8)) ?? [], content: $0)
        }
    }

    static let valid = Self.load("valid")
    static let invalid = Self.load("invalid")

    @Test(.enabled(if: CaseFile.folder != nil, "the cases are not in this checkout"))
    func `no case is forgotten`() {
        #expect([Self.valid.count, Self.invalid.count] == [9, 7])
    }

    @Test(arguments: Self.valid)
    func `a valid frame is decoded and encoded`(_ item: Case) throws {
        var decoder = EventStreamDecoder()
        decoder.append(item.bytes)
        let message = try #require(try decoder.next())
        try decoder.finish()
        #expect(message.payload == Base64.decode(Array((item.content["payload"]?.string ?? "").utf8)))
        let headers = item.content["headers"]?.object ?? [:]
        #expect(message.headers.count == headers.count)
        for header in message.headers {
            #expect(Self.matches(header.value, headers[header.name] ?? .null), "\(header)")
        }
        #expect(try message.encode() == item.bytes)
    }

    private static func matches(_ value: EventMessage.HeaderValue, _ expected: CaseJSON) -> Bool {
        switch value {
        case .boolean(let flag): return expected == .bool(flag)
        case .byte(let number): return expected.int == Int(number)
        case .short(let number): return expected.int == Int(number)
        case .integer(let number): return expected.int == Int(number)
        case .long(let number), .timestamp(let number): return expected.int == Int(number)
        case .string(let text): return expected.string == text
        case .bytes(let bytes): return expected["base64"]?.string == Base64.encode(bytes)
        case .uuid(let high, let low):
            var bytes: [UInt8] = []
            BigEndian.append(high, to: &bytes)
            BigEndian.append(low, to: &bytes)
            return expected["base64"]?.string == Base64.encode(bytes)
        }
    }

    @Test(arguments: Self.invalid)
    func `an invalid frame is refused for its reason, every time`(_ item: Case) {
        var decoder = EventStreamDecoder()
        decoder.append(item.bytes)
        for _ in 0..<2 {
            do throws(EventStreamError) {
                let message = try decoder.next()
                Issue.record("\(String(describing: message))")
            } catch {
                #expect(Self.name(error) == item.content["error"]?.string, "\(error)")
            }
        }
    }

    private static func name(_ error: EventStreamError) -> String {
        switch error {
        case .checksumMismatch: "ChecksumMismatch"
        case .duplicateHeader: "DuplicateHeader"
        case .headersTooLong: "InvalidHeadersLength"
        case .payloadTooLong: "InvalidPayloadLength"
        case .malformed: "Malformed"
        case .truncated: "Truncated"
        }
    }

    @Test func `limits hold to the byte`() throws {
        func message(valueBytes: Int) -> EventMessage {
            EventMessage(headers: [EventMessage.Header("n", .bytes([UInt8](repeating: 7, count: valueBytes)))])
        }
        _ = try message(valueBytes: EventMessage.headerValueBytesMax).encode()
        #expect(throws: EventStreamError.malformed("a header's value of 32768 bytes")) {
            try message(valueBytes: EventMessage.headerValueBytesMax + 1).encode()
        }
        let long = EventMessage(headers: [EventMessage.Header(String(repeating: "n", count: 255), .boolean(true))])
        var decoder = EventStreamDecoder()
        decoder.append(try long.encode())
        #expect(try decoder.next() == long)
        #expect(throws: EventStreamError.malformed("a header's name of 256 bytes")) {
            try EventMessage(headers: [EventMessage.Header(String(repeating: "n", count: 256), .boolean(true))])
                .encode()
        }
        #expect(throws: EventStreamError.malformed("a header's name of 0 bytes")) {
            try EventMessage(headers: [EventMessage.Header("", .boolean(true))]).encode()
        }
        let many = (0..<5).map { EventMessage.Header("n\($0)", .bytes([UInt8](repeating: 0, count: 32_000))) }
        #expect(throws: EventStreamError.headersTooLong(bytes: 160_030)) { try EventMessage(headers: many).encode() }
        #expect(throws: EventStreamError.payloadTooLong(bytes: 25_165_825)) {
            try EventMessage(payload: [UInt8](repeating: 0, count: EventMessage.payloadBytesMax + 1)).encode()
        }
    }

    @Test func `a stream that ends within a message is cut off`() throws {
        let bytes = try EventMessage(payload: [1, 2, 3]).encode()
        for count in 0..<bytes.count {
            var decoder = EventStreamDecoder()
            decoder.append(bytes.prefix(count))
            #expect(try decoder.next() == nil)
            if count > 0 {
                #expect(throws: EventStreamError.truncated) { try decoder.finish() }
            }
        }
    }
}

/// Frames under random values, pieces and damage.
@Suite struct EventFrameFuzzTests {
    private static func random(_ source: SeededRandomSource) -> EventMessage {
        var message = EventMessage(payload: source.bytes(Int(source.next() % 60)))
        for index in 0..<Int(source.next() % 6) {
            let bits = source.next()
            let value: EventMessage.HeaderValue =
                switch bits % 9 {
                case 0: .boolean(bits & 16 == 0)
                case 1: .byte(Int8(truncatingIfNeeded: bits >> 8))
                case 2: .short(Int16(truncatingIfNeeded: bits >> 8))
                case 3: .integer(Int32(truncatingIfNeeded: bits >> 8))
                case 4: .long(Int64(bitPattern: bits))
                case 5: .bytes(source.bytes(Int(bits >> 8 % 20) % 20))
                case 6: .string("é\(bits)")
                case 7: .timestamp(Int64(bitPattern: bits))
                default: .uuid(high: bits, low: ~bits)
                }
            message.headers.append(EventMessage.Header("h\(index)", value))
        }
        return message
    }

    @Test func `messages in pieces of any size come out whole`() throws {
        let seed = SeededRandomSource.testSeed(121)
        let source = SeededRandomSource(seed: seed)
        for round in 0..<200 {
            let messages = (0..<5).map { _ in Self.random(source) }
            var rest = try messages.flatMap { try $0.encode() }[...]
            var decoder = EventStreamDecoder()
            var found: [EventMessage] = []
            while !rest.isEmpty {
                let count = 1 + Int(source.next() % 40)
                decoder.append(rest.prefix(count))
                rest = rest.dropFirst(count)
                while let message = try decoder.next() { found.append(message) }
            }
            try decoder.finish()
            #expect(found == messages, "seed \(seed), round \(round)")
        }
    }

    @Test func `every flipped bit is noticed`() throws {
        let seed = SeededRandomSource.testSeed(122)
        let source = SeededRandomSource(seed: seed)
        for round in 0..<20 {
            let bytes = try Self.random(source).encode()
            for bit in 0..<(bytes.count * 8) {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                var decoder = EventStreamDecoder()
                decoder.append(flipped)
                #expect(throws: EventStreamError.checksumMismatch, "seed \(seed), round \(round), bit \(bit)") {
                    try decoder.next()
                }
            }
        }
    }

    /// With the checksums made right again, so that the parts behind them are reached.
    @Test func `damage with true checksums is refused or read to a message that encodes again`() throws {
        let seed = SeededRandomSource.testSeed(123)
        let source = SeededRandomSource(seed: seed)
        let mutator = ByteMutator(source: source, alphabet: [0, 1, 2, 5, 6, 7, 8, 9, 10, 0x7F, 0x80, 0xFF])
        var accepted = 0
        for round in 0..<3000 {
            var bytes = mutator.mutated(try Self.random(source).encode())
            guard bytes.count >= EventMessage.overheadBytes else { continue }
            if source.next() % 2 == 0 {
                var length: [UInt8] = []
                BigEndian.append(UInt32(bytes.count), to: &length)
                bytes.replaceSubrange(0..<4, with: length)
            }
            Self.sign(&bytes)
            var decoder = EventStreamDecoder()
            decoder.append(bytes)
            guard let message = try? decoder.next() else { continue }
            accepted += 1
            var again = EventStreamDecoder()
            again.append(try message.encode())
            #expect(try again.next() == message, "seed \(seed), round \(round)")
        }
        #expect(accepted > 0)
    }

    private static func sign(_ bytes: inout [UInt8]) {
        var checksum: [UInt8] = []
        BigEndian.append(CRC32.checksum(bytes.prefix(8)), to: &checksum)
        bytes.replaceSubrange(8..<12, with: checksum)
        checksum = []
        BigEndian.append(CRC32.checksum(bytes.dropLast(4)), to: &checksum)
        bytes.replaceSubrange((bytes.count - 4)..., with: checksum)
    }
}
