import Testing

/// What counts as code: the ground of every other rule.
@Suite struct LexerTests {
    @Test(arguments: [
        ("let a = 1 // try!", "let a = 1        "),
        ("let a = \"try!\"", "let a =       "),
        ("let a = \"\\(b!)\"", "let a =    b!  "),
        ("let a = \"\\(f(\"x\"))\" + c", "let a =    f(   )   + c"),
        ("let a = #\"a\"b\\(c)\"# + d", "let a =             + d"),
        ("let a = \"\\\"\" + c", "let a =      + c"),
        ("/* a /* b */ c */ d", "                  d"),
        ("func `it's \"so\"`() {}", "func `         `() {}"),
        ("#if DEBUG", "#if DEBUG"),
    ])
    func `comments and literals are not code`(text: String, code: String) {
        #expect(SourceFile(path: "Sources/A/A.swift", text: text).code == [code])
    }

    @Test func `a multi-line literal is not code, its interpolations are`() {
        let text = "let a = \"\"\"\n    try! \"quoted\" \\(b)\n    \"\"\"\nlet c = 1"
        let file = SourceFile(path: "Sources/A/A.swift", text: text)
        #expect(file.code.map(\.trimmed) == ["let a =", "b", "", "let c = 1"])
        #expect(file.strings[1].contains("try!"))
    }

    @Test func `a literal that is not closed ends with its line`() {
        let file = SourceFile(path: "Sources/A/A.swift", text: "let a = \"b\nlet c = 1")
        #expect(file.code[1] == "let c = 1")
    }

    @Test func `a comment is kept apart with its line`() {
        let file = SourceFile(path: "Sources/A/A.swift", text: "a() // why\nb()")
        #expect(file.comments.map(\.trimmed) == ["// why", ""])
    }
}
