import Primitives
import Testing

/// Character classes, through the patterns that are made of them.
@Suite struct ScalarSetTests {
    /// The scalars around every bound that the set treats in its own way: the two words of bits, ASCII's end.
    private static let scalars: [Unicode.Scalar] = [
        "\0", "\t", "\n", " ", "/", "0", "9", ":", "?", "@", "A", "Z", "[", "_", "`", "a", "z", "{", "\u{7F}", "\u{80}",
        "\u{85}", "\u{A0}", "ä", "Ä", "\u{2028}", "Ж", "٣", "€", "\u{FFFD}", "😹", "\u{10FFFF}",
    ]

    private func members(_ pattern: String) throws -> String {
        let compiled = try #require(LinearPattern(pattern), "\(pattern)")
        var members = String.UnicodeScalarView()
        for scalar in Self.scalars where compiled.matchesWhole(String(scalar)) { members.append(scalar) }
        return String(members)
    }

    @Test(arguments: [
        ("[?-@]", "?@"), ("[\\u0000-\\u007F]", "\0\t\n /09:?@AZ[_`az{\u{7F}"), ("[\\x7F-\\x80]", "\u{7F}\u{80}"),
        ("\\d", "09"), ("\\w", "09AZ_az"), ("\\s", "\t\n "), ("[\\d\\s]", "\t\n 09"), ("[a-zA-Z]", "AZaz"),
        ("\\p{L}", "AZazäÄЖ"), ("\\p{N}", "09٣"), ("\\p{Z}", " \u{A0}\u{2028}"), ("\\p{Zs}", " \u{A0}"),
        ("\\p{P}", "/:?@[_{"), ("\\p{S}", "`€\u{FFFD}😹"), ("[\\p{L}\\p{N}]", "09AZazäÄЖ٣"),
    ])
    func `a class has its members and no other`(_ pattern: String, _ members: String) throws {
        #expect(try self.members(pattern) == members)
    }

    @Test(arguments: [
        ("\\d", "\\D"), ("\\w", "\\W"), ("\\s", "\\S"), ("\\p{L}", "\\P{L}"), ("[a-z]", "[^a-z]"), ("[^€]", "[€]"),
        ("[\\p{L}_]", "[^\\p{L}_]"), ("[\\W]", "[^\\W]"), ("[\\W\\d]", "[^\\W\\d]"), ("[\\D]", "\\d"),
        ("[\\P{N}a]", "[^\\P{N}a]"), ("(?i)[a-c]", "(?i)[^a-c]"),
    ])
    func `a class and its opposite part all characters between them`(_ one: String, _ other: String) throws {
        let (left, right) = (try #require(LinearPattern(one)), try #require(LinearPattern(other)))
        for scalar in Self.scalars {
            let text = String(scalar)
            #expect(left.matchesWhole(text) != right.matchesWhole(text), "\(one), U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test(
        arguments: [
            ("(?i)[a-c]", ["A", "b", "C"], ["d", "D"]), ("(?i)K", ["k", "K"], ["\u{212A}"]),
            ("(?i)[^a]", ["b"], ["a", "A"]),
            ("(?i)ä", ["ä"], ["Ä"]), ("(?i)[@\\[]", ["@", "["], ["`", "{"]),
        ] as [(String, [String], [String])])
    func `without regard to case both cases of ASCII letters match, as in Java`(
        _ pattern: String, _ matching: [String], _ other: [String]
    ) throws {
        let compiled = try #require(LinearPattern(pattern))
        for text in matching { #expect(compiled.matchesWhole(text), "\(pattern) on \(text)") }
        for text in other { #expect(!compiled.matchesWhole(text), "\(pattern) on \(text)") }
    }
}
