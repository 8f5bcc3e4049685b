import Primitives
import Testing

struct ExactNameTests {
    /// Pairs that `String` takes for equal: with more bytes, in another order, and with as many bytes.
    private static let equivalent = [
        ("\u{E9}", "e\u{301}"), ("\u{212B}", "\u{C5}"), ("a\u{323}\u{307}", "a\u{307}\u{323}"), ("\u{374}", "\u{2B9}"),
    ]

    @Test(arguments: Self.equivalent)
    func `names with other bytes are other names`(_ left: String, _ right: String) {
        #expect(left == right)
        let (left, right) = (ExactName(left), ExactName(right))
        #expect(left != right)
        #expect(Set([left, right, left]).count == 2)
        #expect((left < right) != (right < left))
        let numbers = [left: 1, right: 2]
        #expect(numbers[left] == 1)
        #expect(numbers[right] == 2)
    }

    @Test func `names with the same bytes are one name`() {
        let name: ExactName = "a name of more than fifteen bytes"
        #expect(name == ExactName(name.text + ""))
        #expect(Set([name, ExactName(String(Array(name.text)))]).count == 1)
        #expect("\(name)" == name.text)
        #expect(!(name < name))
    }
}
