import FoundationEssentials
import Testing

/// The house rules over this package itself.
@Suite struct TidyTests {
    @Test func `the package keeps the house rules`() throws {
        let files = try SourceTree.files(at: TidyTests.packageRoot())
        #expect(files.contains { $0.path == "Package.swift" }, "the walk did not begin at the package's root")
        #expect(files.contains { $0.path.hasPrefix("Sources/Primitives/") })
        let findings = HouseRules.findings(in: files)
        #expect(findings.isEmpty, "\(findings.map(\.description).joined(separator: "\n"))")
    }

    /// Three folders above this file, symbolic links resolved.
    private static func packageRoot() -> String {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().path
        return "/" + file.split(separator: "/").dropLast(3).joined(separator: "/")
    }
}
