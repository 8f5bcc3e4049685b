internal import ArgumentParser
internal import Foundation

/// `brume-modelgen`: Swift from the AWS service models.
@main
struct Modelgen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brume-modelgen",
        abstract: "Generate Sources/Services/*/Generated from Models/."
    )

    @Flag(help: "Write nothing; fail and name the files that are not as the models say.")
    var check = false

    @Option(help: "The folder that holds Models/ and Sources/.")
    var root = "."

    @Option(help: "Generate one model from a folder instead: its name in that folder.")
    var model: String?

    @Option(help: "With --model: the folder to write to.")
    var output: String?

    @Option(help: "With --model: the service's name in Swift.")
    var name = "Hostile"

    func run() throws {
        let generator = Generator(root: URL(filePath: self.root, directoryHint: .isDirectory))
        do {
            if let model = self.model, let output = self.output {
                try self.generateOne(model, into: output)
            } else if self.check {
                let stale = try generator.stale()
                for path in stale { print("\(path): not as the models say; run `swift run brume-modelgen`") }
                if !stale.isEmpty { throw ExitCode(1) }
                print("generated sources are as the models say")
            } else {
                print("\(try generator.write()) files written")
            }
        } catch let error as GeneratorError {
            throw ValidationError(error.sentence)
        }
    }

    private func generateOne(_ model: String, into output: String) throws {
        let folder = URL(filePath: self.root, directoryHint: .isDirectory)
        let target = URL(filePath: output, directoryHint: .isDirectory)
        for (path, content) in try Generator.service(model, named: self.name, in: folder) {
            let url = target.appending(path: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try content.write(to: url, atomically: true, encoding: .utf8)
        }
    }
}
