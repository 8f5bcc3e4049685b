internal import ArgumentParser
internal import Server

/// `brume env`: the exports that make SDKs and the AWS CLI talk to the server.
struct Environment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the exports an SDK needs: eval \"$(brume env)\".",
        discussion: """
            In other shells:

              fish        brume env --shell fish | source
              PowerShell  brume env --shell powershell | Out-String | Invoke-Expression
            """
    )

    @OptionGroup var directory: DirectoryOptions

    @Option(name: .customLong("access-key-id"), help: "The key to export (default: the root key).")
    var accessKeyID: String?

    @Option(help: "The region to export (default: the running server's, else the setting).")
    var region: String?

    @Flag(help: "Plain HTTP instead of TLS in the endpoint.")
    var plaintext = false

    @Option(help: "Whose commands are printed; those of bash are for every POSIX shell.")
    var shell: ShellDialect = .bash

    @Option(help: "How they are written: text is for a shell.")
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
