// The house rules as a program, for Scripts/tidy; Tests/TidyTests runs the same rules as a test.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
@main
enum Tidy {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 2 else {
            print("usage: tidy FOLDER")
            exit(2)
        }
        let files = try SourceTree.files(at: arguments[1])
        let findings = HouseRules.findings(in: files)
        for finding in findings { print(finding) }
        print("tidy: \(files.count) files, \(findings.count) findings")
        exit(findings.isEmpty ? 0 : 1)
    }
}
