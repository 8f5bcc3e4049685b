internal import ArgumentParser
internal import Inference

extension Model {
    /// `brume model pin`: a model that stays loaded.
    struct Pin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a model loaded, whatever others need; --off lets it go."
        )

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "A name or an alias.")
        var name: String

        @Flag(help: "Let it go.")
        var off = false

        @Option(help: "text or json.")
        var output: OutputFormat = .text

        func run() async throws {
            let registry = try self.directory.registry()
            let record = try orExit { () throws(RegistryError) in try registry.setPinned(self.name, !self.off) }
            switch self.output {
            case .text: Terminal.output("\(record.name) is \(record.isPinned ? "pinned" : "not pinned")")
            case .json: Terminal.output(record.json)
            }
        }
    }
}
