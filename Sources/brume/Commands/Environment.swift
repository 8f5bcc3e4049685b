internal import ArgumentParser
internal import Server

/// `brume env`: the exports that make SDKs and the AWS CLI talk to the server.
struct Environment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the environment variables that point AWS SDKs at the server.",
        usage: "brume env [<options>]",
        discussion: """
            To set them in the current shell:

              bash, zsh   eval "$(brume env)"
              fish        brume env --shell fish | source
              PowerShell  brume env --shell powershell | Out-String | Invoke-Expression
            """
    )

    @OptionGroup var directory: DirectoryOptions

    @Option(name: .customLong("access-key-id"), help: "Access key to export (default: the root key).")
    var accessKeyID: String?

    @Option(help: "Region to export (default: the running server's, or the configured one).")
    var region: String?

    @Flag(help: "Export an endpoint with plain HTTP instead of TLS.")
    var plaintext = false

    @Option(help: "Shell to print for; bash suits every POSIX shell.")
    var shell: ShellDialect = .bash

    @Option(help: "Output format; text is for the shell.")
    var output: OutputFormat = .text

    func run() async throws {
        let configuration = try self.directory.load()
        let variables = try orExit { () throws(StartError) in
            try ClientEnvironment.variables(
                configuration,
                accessKeyID: self.accessKeyID,
                region: self.region,
                usesPlaintext: self.plaintext
            )
        }
        switch self.output {
        case .text:
            for name in ClientEnvironment.unset { Terminal.output(self.shell.unset(name)) }
            for (name, value) in variables { Terminal.output(self.shell.export(name, value)) }
        case .json:
            let members = variables.map { "\(quoted($0.name)):\(quoted($0.value))" }
            Terminal.output("{" + members.joined(separator: ",") + "}")
        }
    }
}

extension ShellDialect: ExpressibleByArgument {}
