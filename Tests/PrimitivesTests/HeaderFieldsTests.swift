import Primitives
import Testing

@Suite struct HeaderFieldsTests {
    private let fields: HeaderFields = ["Host": "a", "X-Amz-Date": "1", "x-amz-date": "2"]

    @Test func `a name is found in any case`() {
        #expect(self.fields.first("hOST") == "a")
        #expect(self.fields.contains("X-AMZ-DATE"))
        #expect(self.fields.first("Hos") == nil)
        #expect(self.fields.first("Host ") == nil)
    }

    @Test func `a repeated name keeps every value in order`() {
        #expect(self.fields.first("x-amz-date") == "1")
        #expect(self.fields.all("X-Amz-Date") == ["1", "2"])
        #expect(self.fields.all("absent") == [])
        #expect(self.fields.count == 3)
    }

    @Test func `setting replaces every line of the name, and removing leaves none`() {
        var fields = self.fields
        fields.set("X-AMZ-DATE", "3")
        #expect(fields.all("x-amz-date") == ["3"])
        fields.append("x-amz-date", "4")
        fields.remove("X-Amz-Date")
        #expect(fields.fields == [HeaderFields.Field("Host", "a")])
    }

    @Test func `a name begins with a prefix in any case, and with no longer one`() {
        let headers: HeaderFields = ["Host": "a", "X-Brume-Proof": "b"]
        #expect(headers.hasName(startingWith: "x-brume-"))
        #expect(headers.hasName(startingWith: ""))
        #expect(!headers.hasName(startingWith: "x-brume-proofs"))
        #expect(!HeaderFields().hasName(startingWith: ""))
    }

    @Test func `lines found in a text are those of the text, wherever they lie`() {
        let text = Array("a: 1\r\nb:\r\n".utf8)
        let found = HeaderFields(
            text.span, lines: [.init(name: 0..<1, value: 3..<4), .init(name: 6..<7, value: 8..<8)])
        let written: HeaderFields = ["a": "1", "b": ""]
        #expect(found == written)
        #expect(found.hashValue == written.hashValue)
        #expect(found != ["a": "1", "B": ""])
        #expect(found.fields == [.init("a", "1"), .init("b", "")])
        #expect(found.filter { $0.count == 1 && $0[0] == UInt8(ascii: "b") } == ["b": ""])
    }

    @Test func `the beginning of a first value is compared in any case`() {
        #expect(self.fields.first("host", beginsWith: "A"))
        #expect(self.fields.first("x-amz-date", beginsWith: "1"))
        #expect(!self.fields.first("x-amz-date", beginsWith: "2"))
        #expect(!self.fields.first("absent", beginsWith: ""))
    }

    @Test(arguments: [
        ("0", 0), ("000", 0), ("1234567890", 1_234_567_890), ("9223372036854775807", Int.max),
        ("9223372036854775808", nil), ("18446744073709551617", nil), ("", nil), (" 1", nil), ("+1", nil), ("-1", nil),
        ("1e3", nil), ("0x4", nil), ("1,1", nil), ("１", nil),
    ])
    func `a length is digits and nothing else, and no more than there can be`(_ text: String, _ length: Int?) {
        #expect(HeaderFields([.init("content-length", text)]).contentLength == length)
        #expect(HeaderFields([.init("content-type", text)]).contentLength == nil)
    }

    @Test(arguments: [("[", "{"), ("@", "`"), ("é", "É"), ("k", "\u{212A}"), ("a", "a ")])
    func `only the case of ASCII letters is passed over`(_ left: String, _ right: String) {
        #expect(!HeaderFields.equalNames(left, right))
    }
}
