import Primitives
import Testing

@Suite struct ByteCursorTests {
    private static func text(_ write: (inout ByteCursor) -> Void) -> String {
        var output = Array("> ".utf8)
        output.append(bytesMax: 64, write)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `pieces stand one after the other behind what was there`() {
        let text = Self.text { cursor in
            cursor.append("a ")
            cursor.append(byte: UInt8(ascii: "b"))
            cursor.append(Array(" c".utf8).span)
            cursor.append([UInt8]().span)
        }
        #expect(text == "> a b c")
    }

    @Test(arguments: [0, 7, 10, 99, 100, 4_566, -1, -120, .max, .min])
    func `numbers are written in decimal digits`(_ number: Int) {
        #expect(Self.text { $0.append(decimal: number) } == "> \(number)")
    }

    @Test func `nothing is appended where nothing is written`() {
        #expect(Self.text { _ in } == "> ")
    }
}
