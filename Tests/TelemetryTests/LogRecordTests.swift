import Foundation
import Primitives
import Telemetry
import TestSupport
import Testing

@Suite struct LogRecordTests {
    private static let time = Timestamp(millisecondsSinceEpoch: 1_440_938_160_007)

    private static func line(_ message: String, _ members: [LogRecord.Member] = [], time: Timestamp = time) -> String {
        var output: [UInt8] = []
        LogRecord(time: time, level: .warning, message: message, members: members).appendJSONLine(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static func object(_ line: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func `a line is one JSON object with its members in order`() {
        let members: [LogRecord.Member] = [
            .init("table", .string("t")), .init("count", .integer(-3)), .init("tls", .boolean(false)),
            .init("all", .integer(.max)),
        ]
        #expect(
            Self.line("request", members)
                == #"{"time":"2015-08-30T12:36:00.007Z","level":"warning","message":"request","table":"t","count":-3,"#
                + #""tls":false,"all":9223372036854775807}"# + "\n")
    }

    private struct Greeting: LogLine {
        var time: Timestamp { LogRecordTests.time }
        var level: LogLevel { .info }
        var message: String { "hello" }

        func tell(_ members: inout some LogMembers) { members.member("name", "Ana") }
    }

    @Test func `a line is written behind the others, which stay where they are`() {
        var lines: [UInt8] = []
        lines.reserveCapacity(1 << 16)
        let place = unsafe lines.withUnsafeBytes { $0.baseAddress }
        for _ in 0..<100 {
            Greeting().appendJSONLine(to: &lines)
            LogRecord(Greeting()).appendJSONLine(to: &lines)
        }
        #expect(unsafe lines.withUnsafeBytes { $0.baseAddress } == place)
        let line = #"{"time":"2015-08-30T12:36:00.007Z","level":"info","message":"hello","name":"Ana"}"# + "\n"
        #expect(String(decoding: lines, as: UTF8.self) == String(repeating: line, count: 200))
    }

    /// One that says part of itself in words that were found before.
    private struct Order: LogLine {
        static let members: [LogRecord.Member] = [
            .init("name", .string("A\"na")), .init("count", .integer(3)), .init("tls", .boolean(true)),
        ]
        let part = LogPart(Order.members)
        var time: Timestamp { LogRecordTests.time }
        var level: LogLevel { .warning }
        var message: String { "order" }

        func tell(_ members: inout some LogMembers) {
            members.member("before", 1)
            members.part(self.part)
            members.member("after", 2)
        }
    }

    @Test func `members that were put into words before stand in a line as others do`() {
        var line: [UInt8] = []
        Order().appendJSONLine(to: &line)
        let members = [.init("before", .integer(1))] + Order.members + [.init("after", .integer(2))]
        #expect(String(decoding: line, as: UTF8.self) == Self.line("order", members))
        #expect(LogRecord(Order()).members == members)
    }

    @Test(arguments: [
        "", "plain", "\"", "\\", "\\\"\\", "a\nb\r\n", "\u{0}\u{1}\u{1F}\u{7F}", "\t\u{8}\u{C}", "é😹\u{2028}\u{2029}",
        "\u{1B}[31mred", "</script>", "\\u0041", "\u{FFFD}", "\u{85}\u{9B}", "{\"level\":\"error\"}\n{",
    ])
    func `what a client sends comes back from the line and cannot break it`(_ text: String) throws {
        let line = Self.line(text, [.init("agent", .string(text)), .init(text + "name", .string("x"))])
        let bytes = Array(line.utf8)
        #expect(bytes.last == 0x0A)
        #expect(bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        let object = try Self.object(line)
        #expect(object["message"] as? String == text)
        #expect(object["agent"] as? String == text)
        #expect(object[text + "name"] as? String == "x")
    }

    @Test func `bytes that are no UTF-8 are written as the replacement character`() throws {
        let text = String(decoding: [0x61, 0xFF, 0xC3, 0x22, 0x0A], as: UTF8.self)
        #expect(try Self.object(Self.line(text))["message"] as? String == "a\u{FFFD}\u{FFFD}\"\n")
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func `times are UTC with milliseconds`(_ milliseconds: Int64, _ text: String) {
        let line = Self.line("m", time: Timestamp(millisecondsSinceEpoch: milliseconds))
        #expect(line.hasPrefix("{\"time\":\"\(text)\","))
    }

    @Test(arguments: [Int64.min, -62_167_219_200_001, 253_402_300_800_000, Int64.max])
    func `a clock that is far off does not end the process`(_ milliseconds: Int64) throws {
        let line = Self.line("m", time: Timestamp(millisecondsSinceEpoch: milliseconds))
        #expect(try Self.object(line)["message"] as? String == "m")
    }

    @Test func `levels are ordered by how much they matter`() {
        #expect(LogLevel.allCases.shuffled().sorted() == [.debug, .info, .warning, .error])
    }

    @Test func `any text comes back`() throws {
        let seed = SeededRandomSource.testSeed(0x106)
        let random = SeededRandomSource(seed: seed)
        for _ in 0..<500 {
            let text = String(decoding: random.bytes(Int(random.next() % 40)), as: UTF8.self)
            let object = try Self.object(Self.line(text))
            #expect(object["message"] as? String == text, "seed \(seed)")
        }
    }
}
