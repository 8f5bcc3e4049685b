internal import ArgumentParser

/// `brume completion`: a completion script for a shell.
struct Completion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a completion script.",
        discussion: "For bash: brume completion bash > /etc/bash_completion.d/brume"
    )

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]))
    var shell: String

    func run() async throws {
        guard let shell = CompletionShell(rawValue: self.shell) else {
            throw Exit.failure(.usage, "there is no completion script for \(self.shell); take bash, zsh or fish")
        }
        Terminal.output(Brume.completionScript(for: shell))
    }
}
