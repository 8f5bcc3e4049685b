import DynamoDBModel
import DynamoDBValues
import Primitives
import ServiceModel
import TestSupport
import Testing
import WireProtocols

/// Numbers of requests: most are stored as they came, without arithmetic.
@Suite struct NumberWireTests {
    private func number(_ text: String) throws -> AttributeMap {
        let reader = ShapeReader(JSONReader(Array(#"{"TableName":"t","Item":{"n":{"N":"\#(text)"}}}"#.utf8)))
        return try PutItemInput(from: reader).item
    }

    @Test(arguments: [
        "0", "7", "-7", "10", "0.5", "-0.5", "12345.678", "1000000000000000000", "-0", "-", "", ".", "5.", ".5", "-.5",
        "0.0", "1.50", "00.5", "05", "0.", "--1", "1.2.3", "1-2", "1.", "+1", "0e5", "12a", "0.00000000000000001",
    ])
    func `a number of a request is stored as arithmetic would print it`(_ text: String) throws {
        try self.check(text)
    }

    @Test func `any text of digits, points and signs is`() throws {
        let seed = SeededRandomSource.testSeed(0xD16)
        let random = SeededRandomSource(seed: seed)
        let alphabet = Array("00112345.-".utf8)
        for _ in 0..<5_000 {
            let text = (0..<Int(random.next() % 22)).map { _ in alphabet[Int(random.next() % 10)] }
            try self.check(String(decoding: text, as: UTF8.self))
        }
    }

    private func check(_ text: String) throws {
        let stored = try self.number(text)
        let value = try? DynamoDBNumber(text)
        #expect((stored.failure == nil) == (value != nil), "\(text)")
        if let value { #expect(stored["n"].map { String(decoding: $0.content, as: UTF8.self) } == value.text) }
    }
}
