import Primitives
import Testing
import Upstream

/// Answers as servers write them.
enum DNSText {
    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + $0.utf8 } + [0]
    }

    static func record(_ name: [UInt8], _ type: UInt16, seconds: UInt8 = 60, _ data: [UInt8]) -> [UInt8] {
        name + [UInt8(type >> 8), UInt8(type & 0xFF), 0, 1, 0, 0, 0, seconds, 0, UInt8(data.count)] + data
    }

    /// An answer to a question, which stands before its records.
    static func answer(
        to question: [UInt8], code: UInt8 = 0, isCut: Bool = false, _ records: [[UInt8]], additional: [[UInt8]] = []
    ) -> [UInt8] {
        let end = question.count - 11
        return [
            question[0], question[1], isCut ? 0x83 : 0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0,
            UInt8(additional.count),
        ] + question[12..<end] + records.joined() + additional.joined()
    }
}

struct DNSMessageTests {
    private let name = DNSName(labels: ["node", "example"])

    @Test func `a question is written as RFC 1035 has it`() {
        let bytes = DNSMessage.question(id: 0x1234, self.name, .address)
        #expect(bytes.prefix(12) == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1])
        #expect(Array(bytes[12...]) == DNSText.name("node.example") + [0, 1, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])
    }

    @Test func `addresses, aliases and services are read, others passed over`() throws {
        let question = DNSMessage.question(id: 7, self.name, .service)
        let pointer: [UInt8] = [0xC0, 12]
        let bytes = DNSText.answer(
            to: question,
            [
                DNSText.record(pointer, 5, DNSText.name("Other.Example")),
                DNSText.record(pointer, 16, [1, 0x61]),
                DNSText.record(pointer, 33, [0, 1, 0, 2, 0x11, 0xD6] + [1, 0x61, 0xC0, 12]),
            ],
            additional: [
                DNSText.record(DNSText.name("a.node.example"), 1, [10, 0, 0, 7]),
                DNSText.record([0], 28, [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ])
        let message = try DNSMessage(bytes, id: 7, self.name, .service)
        #expect(
            message.answers.map(\.data) == [
                .alias(DNSName(labels: ["other", "example"])),
                .service(priority: 1, weight: 2, port: 4566, target: DNSName(labels: ["a", "node", "example"])),
            ])
        #expect(message.additional.map(\.data) == [.address("10.0.0.7"), .address6("2001:db8:0:0:0:0:0:1")])
    }

    @Test func `an answer to another question is foreign`() {
        let question = DNSMessage.question(id: 7, self.name, .address)
        let good = DNSText.answer(to: question, [])
        #expect(throws: Never.self) { try DNSMessage(good, id: 7, self.name, .address) }
        #expect(throws: DNSFault.foreign) { try DNSMessage(good, id: 8, self.name, .address) }
        #expect(throws: DNSFault.foreign) { try DNSMessage(good, id: 7, self.name, .service) }
        #expect(throws: DNSFault.foreign) { try DNSMessage(good, id: 7, DNSName(labels: ["x"]), .address) }
        #expect(throws: DNSFault.foreign) { try DNSMessage(question, id: 7, self.name, .address) }
    }

    @Test func `a name that points to itself or forward is malformed`() {
        let question = DNSMessage.question(id: 7, self.name, .address)
        let start = UInt8(question.count - 11)
        for target in [start, start + 2, 255] {
            let bytes = DNSText.answer(to: question, [DNSText.record([0xC0, target], 1, [1, 2, 3, 4])])
            #expect(throws: DNSFault.malformed) { try DNSMessage(bytes, id: 7, self.name, .address) }
        }
    }

    @Test func `every beginning of an answer, and every change of it, is read or refused`() {
        let question = DNSMessage.question(id: 7, self.name, .address)
        let bytes = DNSText.answer(
            to: question,
            [DNSText.record([0xC0, 12], 1, [10, 0, 0, 7]), DNSText.record([0xC0, 12], 5, [1, 0x61, 0xC0, 17])])
        for count in 0..<bytes.count {
            #expect(throws: DNSFault.self) { try DNSMessage(Array(bytes[..<count]), id: 7, self.name, .address) }
        }
        let random = SeededRandomSource(seed: 3)
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0..<Int(random.next() % 4 + 1) {
                changed[Int(random.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = try? DNSMessage(changed, id: 7, self.name, .address)
        }
    }

    @Test(
        arguments: [
            ("a", ["a"]), ("A.b.", ["a", "b"]), ("_http._tcp.x-1", ["_http", "_tcp", "x-1"]), ("", nil), (".", nil),
            ("a..b", nil),
            ("a b", nil), (String(repeating: "a", count: 64), nil),
        ] as [(String, [String]?)])
    func `names are those of hosts and services`(_ text: String, _ labels: [String]?) {
        #expect(DNSName(text)?.labels == labels)
    }
}
