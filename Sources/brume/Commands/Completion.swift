internal import ArgumentParser

/// `brume completion`: a completion script for a shell.
struct Completion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a completion script for bash, zsh or fish.",
        discussion: """
              brume completion bash > /etc/bash_completion.d/brume
              brume completion zsh > "${fpath[1]}/_brume"
              brume completion fish > ~/.config/fish/completions/brume.fish
            """
    )

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]))
    var shell: String

    func run() async throws {
        guard let shell = CompletionShell(rawValue: self.shell) else {
            throw Exit.failure(.usage, "there is no completion script for \(self.shell), only for bash, zsh and fish")
        }
        Terminal.output(Brume.completionScript(for: shell))
    }
}
