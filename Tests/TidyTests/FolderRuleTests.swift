import Testing

/// The rules that hold between files.
@Suite struct FolderRuleTests {
    private func file(_ path: String, _ text: String = "struct A {}") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test func `a target's folder needs a README or a comment that begins a file`() {
        let bare = file("Sources/Signing/Signer.swift")
        #expect(FolderRules.introduction([bare]).map(\.path) == ["Sources/Signing"])
        #expect(FolderRules.introduction([bare, file("Sources/Signing/README.md", "# Signing")]) == [])
        #expect(FolderRules.introduction([file("Sources/Signing/Signer.swift", "// Signs.\nstruct A {}")]) == [])
    }

    @Test func `a service's README serves its model and its handlers`() {
        let files = [
            file("Sources/Services/STS/Service/STSService.swift"), file("Sources/Services/STS/Generated/Shapes.swift"),
        ]
        #expect(FolderRules.introduction(files).count == 2)
        #expect(FolderRules.introduction(files + [file("Sources/Services/STS/README.md", "# STS")]) == [])
    }

    @Test func `a file whose names stand nowhere else is dead`() {
        let used = file("Sources/Signing/Signer.swift", "package struct Signer {}")
        let dead = file("Sources/Signing/Old.swift", "package struct Old {\n    let signer: Signer\n}")
        #expect(FolderRules.deadFiles([used, dead]).map(\.path) == ["Sources/Signing/Old.swift"])
        let user = file("Tests/SigningTests/OldTests.swift", "let a = Old()")
        #expect(FolderRules.deadFiles([used, dead, user]) == [])
    }

    @Test func `a file of extensions and an entry point are not dead`() {
        let entry = file("Sources/brume/Brume.swift", "@main\nstruct Brume {}")
        let extended = file("Sources/Signing/Signer+Header.swift", "extension Signer {\n    func sign() {}\n}")
        #expect(FolderRules.deadFiles([entry, extended]) == [])
    }

    @Test func `findings are sorted by file and line`() {
        let files = [
            file("Sources/B/B.swift", "// B.\nprint(1)\nprint(2)"), file("Sources/A/A.swift", "// A.\nprint(3)"),
        ]
        let findings = HouseRules.findings(in: files)
        let places = ["Sources/A/A.swift:2", "Sources/B/B.swift:2", "Sources/B/B.swift:3"]
        #expect(findings.map { "\($0.path):\($0.line)" } == places)
        #expect(findings.first?.description.hasPrefix("Sources/A/A.swift:2: print(") == true)
    }
}
