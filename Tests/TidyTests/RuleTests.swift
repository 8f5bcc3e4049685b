import Testing

/// Small bad samples: each rule finds its own, and leaves the good neighbour alone.
@Suite struct RuleTests {
    /// - Returns: what the rules for one file say, each as `line: message`.
    private func messages(_ text: String, path: String = "Sources/Gateway/A.swift") -> [String] {
        let file = SourceFile(path: path, text: text)
        return HouseRules.fileRules.flatMap { $0(file) }.map { "\($0.line): \($0.message)" }
    }

    private func lines(_ count: Int, of text: String = "a()") -> String {
        [String](repeating: text, count: count).joined(separator: "\n")
    }

    @Test(arguments: [
        ("let a = try! b()", "1: try! throws"),
        ("a()\nlet c = b as! C", "2: as! ends"),
        ("fatalError(\"no\")", "1: fatalError("),
        ("public struct A {}", "1: public"),
        ("print(a)", "1: print("),
        ("let now = Date()", "1: Date()"),
        ("let now = Date.now", "1: Date.now"),
        ("let a = b!", "1: forced unwrap"),
        ("let a = b()!.c", "1: forced unwrap"),
        ("let a = b[0]!", "1: forced unwrap"),
        ("// FIX" + "ME later", "1: FIX" + "ME"),
        ("a() // TO" + "DO", "1: TO" + "DO"),
        ("// see /wo" + "rk/main", "1: /wo" + "rk/"),
        ("// MARK: - Reading", "1: a file with chapters"),
        ("final class A: @unchecked Sendable {}", "1: @unchecked Sendable without"),
        ("/// A box.\nfinal class A: @unchecked Sendable {}", "2: @unchecked Sendable without"),
        ("Task { await a() }", "1: an unstructured Task"),
        ("package struct A {}", "1: A has no doc comment"),
        ("package final class A {}", "1: A has no doc comment"),
    ])
    func `a bad line is found with its number`(text: String, finding: String) {
        #expect(messages(text).contains { $0.hasPrefix(finding) }, "found \(messages(text))")
    }

    @Test(arguments: [
        "let a = b != c", "if !a { b() }", "let a = !b", "guard a, !b else { return }",
        "// try! is not used here", "let a = \"print(b)\"", "let a = blueprint(b)", "a.print(b)",
        "let a = startDate()", "/// Made public by the gateway.",
        "/// Holds no state but behind a lock.\nfinal class A: @unchecked Sendable {}",
        "// The listener awaits it.\nTask { await a() }", "Task { await a() }  // the listener awaits it",
        "/// A.\n@frozen\npackage struct A {}", "package import KeyValue", "package static func make() -> A {}",
    ])
    func `a good line is left alone`(text: String) {
        #expect(messages(text) == [])
    }

    @Test func `the command line may print, and only it`() {
        for folder in ["Sources/brume", "Sources/brume-modelgen", "Bench", "Sources/Bench", "Tests/ATests"] {
            #expect(messages("print(a)", path: "\(folder)/A.swift") == [])
        }
        #expect(messages("print(a)", path: "Sources/Server/A.swift").count == 1)
    }

    @Test func `telemetry may read the clock, and tests may not use testable imports`() {
        #expect(messages("let now = Date()", path: "Sources/Telemetry/A.swift") == [])
        #expect(messages("@testable import Gateway", path: "Tests/GatewayTests/A.swift").count == 1)
    }

    @Test func `words of one machine are found in documents and scripts too`() {
        #expect(messages("see /wo" + "rk/main", path: "docs/a.md").count == 1)
        #expect(messages("cd /wo" + "rk/main", path: "Scripts/a").count == 1)
        #expect(messages("see the framework/main", path: "docs/a.md") == [])
    }

    @Test func `a file of 500 lines passes and one of 501 does not`() {
        #expect(messages(lines(500)) == [])
        #expect(messages(lines(501)) == ["501: file of 501 lines; split it (at most 500)"])
        #expect(messages(lines(501), path: "Tests/Acceptance/test_a.py").count == 1)
        #expect(messages(lines(501), path: "Sources/Services/STS/Generated/A.swift") == [])
    }

    @Test func `a line of 120 columns passes and one of 121 does not`() {
        let prefix = "// "
        #expect(messages(prefix + String(repeating: "é", count: 117)) == [])
        #expect(messages(prefix + String(repeating: "é", count: 118)) == ["1: line of 121 columns (at most 120)"])
    }

    @Test func `sentences of documents are as long as lines of code at most, tables and code are not`() {
        let long = String(repeating: "é", count: 121)
        let finding = "line of 121 columns (at most 120)"
        #expect(messages(long, path: "docs/a.md") == ["1: \(finding)"])
        #expect(messages(String(long.dropLast()), path: "docs/a.md") == [])
        #expect(messages("| \(long)", path: "docs/a.md") == [])
        #expect(messages("    \(long)", path: "docs/a.md") == [])
        #expect(messages("```\n\(long)\n```\n\(long)", path: "docs/a.md") == ["4: \(finding)"])
    }

    @Test func `a function of 70 lines passes and one of 71 does not`() {
        func function(_ count: Int) -> String { "func long(\n    a: Int = { 1 }()\n) {\n\(lines(count - 4))\n}" }
        #expect(messages(function(70)) == [])
        #expect(messages("let a = 1\n" + function(71)) == ["2: long has 71 lines; split it (at most 70)"])
    }

    @Test func `a requirement without a body does not swallow its neighbours`() {
        let requirements = "protocol A {\n    func b() async throws\n    init(c: Int)\n}"
        let text = "\(requirements)\nfunc d() {\n\(lines(60))\n}\n\(lines(60))"
        #expect(messages(text) == [])
        let file = SourceFile(path: "Sources/A/A.swift", text: text)
        #expect(FunctionScanner.functions(in: file).map(\.name) == ["d"])
    }

    @Test func `an initialiser counts as a function, a call of one does not`() {
        let text = "init(a: Int) {\n\(lines(80, of: "self.init(b: 1)"))\n}"
        #expect(messages(text) == ["1: init has 82 lines; split it (at most 70)"])
    }

    @Test func `prose in a generated file is found, its header and facts are not`() {
        let path = "Sources/Services/STS/Generated/Shapes.swift"
        let headerLine = "// Made by the generator from the facts of a public model, so do not edit it by hand."
        let header = lines(GeneratedRules.headerLinesMax, of: headerLine)
        let sentence = "/// Returns details about the user or role whose credentials are used to call the operation."
        let names = "let names = \"" + String(repeating: "GetItem ", count: 40) + "\""
        #expect(messages(header + "\nlet a = \"GetCallerIdentity\"", path: path) == [])
        #expect(messages(header + "\n" + names, path: path) == [])
        #expect(messages(header + "\n" + sentence, path: path).count == 1)
    }
}
