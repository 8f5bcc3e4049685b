import HostileModel
import ServiceModel
import Testing

@Suite struct ValueTextTests {
    @Test func `values are printed as AWS's older services print them`() {
        #expect(ValueText.text("a b") == "a b")
        #expect(ValueText.text(-5) == "-5")
        #expect(ValueText.text(true) == "true")
        #expect(ValueText.text(["a", "b"]) == "[a, b]")
        #expect(ValueText.text([String]()) == "[]")
        #expect(ValueText.text(["b": 1, "a": 2]) == "{a=2, b=1}")
        #expect(ValueText.text([UInt8](repeating: 0, count: 5)) == "java.nio.HeapByteBuffer[pos=0 lim=5 cap=5]")
        #expect(ValueText.text(["a", nil] as [String?]) == "[a, null]")
        #expect(ValueText.text(SelfShape.empty) == "")
        #expect(ValueText.text([SelfShape.type, SelfShape(rawValue: "new")]) == "[Type, new]")
    }

    @Test func `structures are printed with the model's names, secrets without their values`() {
        #expect(ValueText.text(Pong(word: "x")) == "Pong(ping=null, word=x)")
        #expect(
            ValueText.text([OptionalShape(string: .string, array: Indirect(ArrayShape()))])
                == "[Optional(string=String, array=Array(optional=null))]"
        )
        #expect(
            ValueText.text(BindingOutput(status: 3, secret: "hunter2"))
                == "BindingOutput(status=3, secret=*** Sensitive Data Redacted ***)"
        )
        #expect(ValueText.text(Choice.unknown_("x")) == "Choice(unknown_=x)")
    }

    @Test func `a long text is cut`() {
        let text = ValueText.text([String](repeating: String(repeating: "x", count: 100), count: 100_000))
        #expect(text.count == ValueText.charactersMax)
        #expect(ValueText.text(String(repeating: "é", count: 1 << 20)).count == ValueText.charactersMax)
        let grapheme = "e" + String(repeating: "\u{301}", count: 1 << 20)
        #expect(ValueText.text(grapheme).unicodeScalars.count == ValueText.charactersMax)
        #expect(ValueText.text([grapheme: 1]).unicodeScalars.count == ValueText.charactersMax)
    }
}
