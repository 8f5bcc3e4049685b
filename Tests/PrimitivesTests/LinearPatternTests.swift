import Primitives
import Testing

@Suite struct LinearPatternTests {
    @Test(arguments: [
        ("", [""], ["a"]), ("a", ["a"], ["", "b", "aa"]), ("abc|d", ["abc", "d"], ["ab", "abd", "abcd"]),
        ("[a-zA-Z0-9_.-]+", ["a", "a-b.c_9"], ["", "a b", "ä"]), ("[^$]*", ["", "abc"], ["a$"]),
        ("a?b*c+", ["c", "abbbcc", "bc"], ["", "ab", "aac"]), ("a{2}", ["aa"], ["a", "aaa"]),
        ("a{2,}", ["aa", "aaaa"], ["a"]), ("a{1,3}", ["a", "aaa"], ["", "aaaa"]),
        ("(ab){0,2}c", ["c", "ababc"], ["abababc"]),
        ("^a$", ["a"], ["aa"]), ("(^a)|(b$)", ["a", "b"], ["ab"]), ("a^b", [], ["ab"]), ("a$b", [], ["ab"]),
        ("\\d{12}", ["000000000000"], ["00000000000", "a00000000000"]), ("\\w+", ["aZ_9"], ["ä", "-"]),
        ("[\\s\\S]+", ["a\nb", "😹"], [""]), ("\\S+", ["ä"], ["a b"]), (".", ["a", "😹"], ["\n", "ab", "\u{2028}"]),
        ("\\p{L}+", ["aäЖ"], ["1"]), ("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", ["", "ä 1-@"], ["#"]),
        ("\\P{N}", ["a"], ["1"]),
        ("[\\u0020-\\uD7FF\\t]*", ["aä\t"], ["\n"]), ("[\\x21-\\x7E]+", ["!~"], [" "]),
        ("(?i)all|[0-9]{2}", ["ALL", "aLl", "12"], ["al"]),
        ("(?:a|b)+?", ["abab"], [""]), ("[a-]", ["a", "-"], ["b"]), ("[]a]", ["]", "a"], ["b"]),
        ("[\\w-]+", ["a-b"], ["!"]),
        ("[a-\\d]", ["a", "-", "5"], ["b"]), ("[\\W]", ["-", "ä"], ["a"]),
        ("arn:aws(-[^:]+)?:x", ["arn:aws:x", "arn:aws-cn:x"], ["arn:aws-:x"]),
        ("()*", [""], ["a"]), ("(a*)*", ["", "aaa"], ["b"]), ("(a|a)*", ["aaa"], ["aab"]),
        ("\\.\\$\\(\\)", [".$()"], ["a$()"]),
    ])
    func `whole texts are matched`(_ pattern: String, _ matching: [String], _ other: [String]) throws {
        let compiled = try #require(LinearPattern(pattern))
        for text in matching { #expect(compiled.matchesWhole(text), "\(pattern) on \(text)") }
        for text in other { #expect(!compiled.matchesWhole(text), "\(pattern) on \(text)") }
    }

    @Test(arguments: [
        "(", ")", "[", "[b-a]", "*", "a**", "a{", "a{x}", "a{2,1}", "\\", "\\k", "(?=a)", "(?!a)", "(?<a)", "a++",
        "\\1",
        "\\p{Nope}", "[a&&b]", "[a[b]]", "\\u12", "\\b", "(a{1000}){1000}",
    ])
    func `syntax that is wrong or not known is refused`(_ pattern: String) {
        #expect(LinearPattern(pattern) == nil)
    }

    @Test func `patterns that make a backtracking engine run forever are matched at once`() throws {
        let digits = String(repeating: "0", count: 20_000)
        for pattern in ["^([0-9]+)+$", "(a|[0-9]|[0-9]0)*", "([0-9]*)*[0-9]*", "(([0-9]?){20}){20}"] {
            #expect(!(try #require(LinearPattern(pattern))).matchesWhole(digits + "!"), "\(pattern)")
        }
    }

    @Test(arguments: [
        ("b+c", ["abbcd", "bc"], ["ac", "", "bbbd"]), ("^a", ["ab"], ["ba", ""]), ("a$", ["ba", "a"], ["ab"]),
        ("^$", [""], ["a"]), ("", ["", "a"], []), ("a|^b", ["xa", "bx"], ["xb"]), ("(?i)Ab", ["xaBx"], ["a b"]),
        ("é.*!", ["a é\té!", "é!"], ["é", "e!"]), ("a{3}", ["baaab"], ["aabaa"]), ("aab", ["aaab"], ["abab"]),
    ])
    func `parts of texts are matched`(_ pattern: String, _ matching: [String], _ other: [String]) throws {
        let compiled = try #require(LinearPattern(pattern))
        for text in matching { #expect(compiled.matchesPart(of: text), "\(pattern) in \(text)") }
        for text in other { #expect(!compiled.matchesPart(of: text), "\(pattern) in \(text)") }
    }
}
