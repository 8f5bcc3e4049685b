import Gateway
import Testing

@Suite struct EventBoundaryTests {
    /// Where a boundary is reached, as counts of bytes, when the bytes come in pieces of this size.
    private func reached(_ type: String, _ bytes: [UInt8], pieceBytes: Int) throws -> [Int] {
        var boundary = try #require(EventBoundary(contentType: type))
        var places = boundary.isReached ? [0] : []
        var index = 0
        while index < bytes.count {
            let end = min(index + pieceBytes, bytes.count)
            boundary.pass(Array(bytes[index..<end]))
            if boundary.isReached { places.append(end) }
            index = end
        }
        return places
    }

    private static func message(_ count: Int) -> [UInt8] {
        let length = [UInt8(count >> 24), UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        return length + [UInt8](repeating: 7, count: count - 4)
    }

    @Test func `messages end where their lengths say, however they come`() throws {
        let type = "application/vnd.amazon.eventstream"
        let bytes = Self.message(16) + Self.message(300) + Self.message(20)
        #expect(try self.reached(type, bytes, pieceBytes: 1) == [0, 16, 316, 336])
        for pieceBytes in 2...bytes.count {
            let places = try self.reached(type, bytes, pieceBytes: pieceBytes)
            #expect(places == [0, 16, 316, 336].filter { $0 % pieceBytes == 0 || $0 == 336 })
        }
    }

    @Test func `behind what is no message nothing is put`() throws {
        let type = "application/vnd.amazon.eventstream"
        #expect(try self.reached(type, [0, 0, 0, 15] + Self.message(16), pieceBytes: 1) == [0])
    }

    @Test(arguments: ["text/event-stream", "text/event-stream; charset=utf-8"])
    func `an empty line ends an event`(type: String) throws {
        let bytes = Array("data: a\n\nevent: b\ndata: c\n\ndata".utf8)
        #expect(try self.reached(type, bytes, pieceBytes: 1) == [0, 9, 27])
        #expect(try self.reached(type, bytes, pieceBytes: 9) == [0, 9, 27])
        #expect(try self.reached(type, bytes, pieceBytes: 100) == [0])
    }

    @Test(arguments: [nil, "application/json", "text/plain"] as [String?])
    func `an answer that is no stream of events has none`(type: String?) {
        #expect(EventBoundary(contentType: type) == nil)
    }
}
