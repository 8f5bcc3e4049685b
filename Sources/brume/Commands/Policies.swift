internal import ArgumentParser
internal import Server

/// `brume policies`: the inline policies of users. A running server knows a change within half a second, and the other
/// processes of its cluster within five.
struct Policies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, show, put and delete the inline policies of users.",
        discussion: """
            A user without policies may do everything in its account. With the first policy, it may do only what its \
            policies (or that of a table) allow and none denies, as on AWS. After its last policy is deleted, it may \
            do nothing. The account's root is never restricted.

              brume policies put ReadMusic read-music.json --user ana
            """,
        subcommands: [List.self, Show.self, Put.self, Delete.self],
        defaultSubcommand: List.self
    )

    /// The user whose policies a command works on.
    struct UserOptions: ParsableArguments {
        @Option(help: "Name of the user.")
        var user: String

        @Option(help: "Account of the user: twelve digits.")
        var account: String = "000000000000"
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the policies of a user, or of every user.", usage: "brume policies list [<options>]")

        @OptionGroup var directory: DirectoryOptions

        @Option(help: "Show only this user (default: all users that have or had policies).")
        var user: String?

        @Option(help: "Show only this account (default: all accounts).")
        var account: String?

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let configuration = try self.directory.loadToList()
            let policies = try orExit { () throws(StartError) in
                try UserPolicyStore.existing(configuration).list(account: self.account, userName: self.user)
            }
            switch self.output {
            case .text:
                let rows = policies.map { policy in
                    [
                        policy.account, policy.userName, policy.name ?? "none left: may do nothing",
                        String(policy.characterCount),
                    ]
                }
                TextTable.lines([["ACCOUNT", "USER", "POLICY", "CHARACTERS"]] + rows).forEach(Terminal.output)
            case .json:
                let rows = policies.map { policy in
                    "{\"account\":\(quoted(policy.account)),\"user\":\(quoted(policy.userName)),"
                        + "\"policyName\":\(policy.name.map(quoted) ?? "null"),"
                        + "\"characters\":\(policy.characterCount)}"
                }
                Terminal.output("[" + rows.joined(separator: ",") + "]")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the document of a policy, as it was put.",
            usage: "brume policies show [<options>] --user <user> <name>")

        @OptionGroup var directory: DirectoryOptions

        @OptionGroup var owner: UserOptions

        @Argument(help: "Name of the policy.")
        var name: String

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let configuration = try self.directory.load()
            let policy = try orExit { () throws(StartError) in
                try UserPolicyStore.existing(configuration)
                    .policy(self.name, account: self.owner.account, userName: self.owner.user)
            }
            switch self.output {
            case .text: Terminal.output(policy.text.hasSuffix("\n") ? String(policy.text.dropLast()) : policy.text)
            case .json:
                // The document is JSON itself. Line ends in it are white space, since its strings cannot have any.
                let document = policy.text.split { ["\n", "\r", "\r\n"].contains($0) }.joined(separator: " ")
                Terminal.output(
                    "{\"account\":\(quoted(policy.account)),\"user\":\(quoted(policy.userName)),"
                        + "\"policyName\":\(quoted(self.name)),\"policyDocument\":\(document)}")
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a policy to a user, or replace the one of the same name.",
            usage: "brume policies put [<options>] --user <user> <name> <file>",
            discussion: """
                All policies of a user together may have 2,048 characters, not counting white space. If the document \
                is wrong, its error is printed with line and column, and nothing changes.
                """)

        @OptionGroup var directory: DirectoryOptions

        @OptionGroup var owner: UserOptions

        @Argument(help: "Name of the policy: 1 to 128 letters, digits and characters of _+=,.@-")
        var name: String

        @Argument(help: "File of the policy document (JSON); - reads standard input.", completion: .file())
        var file: String

        func run() async throws {
            let configuration = try self.directory.load()
            let user = self.owner.user
            let (isFirst, hasKey) = try orExit { () throws(StartError) in
                try KeyStore.checkOwn("the policies of users", of: configuration, remedy: "brume policies put")
                let policy = try PolicyArgument(name: self.name, path: self.file)
                let store = try UserPolicyStore(configuration)
                let isFirst = try store.list(account: self.owner.account, userName: user).isEmpty
                try store.put(policy, account: self.owner.account, userName: user)
                return (isFirst, try store.hasKey(account: self.owner.account, userName: user))
            }
            if isFirst { Terminal.error("from now on, \(user) may do only what its policies allow") }
            if !hasKey { Terminal.error("\(user) has no key in account \(self.owner.account)") }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a policy of a user.", usage: "brume policies delete [<options>] --user <user> <name>",
            discussion: "A user whose last policy is deleted may do nothing until another one is put.")

        @OptionGroup var directory: DirectoryOptions

        @OptionGroup var owner: UserOptions

        @Argument(help: "Name of the policy.")
        var name: String

        func run() async throws {
            let configuration = try self.directory.load()
            let (account, user) = (self.owner.account, self.owner.user)
            let isLast = try orExit { () throws(StartError) in
                let store = UserPolicyStore.existing(configuration)
                try store.delete(self.name, account: account, userName: user)
                return try store.list(account: account, userName: user).allSatisfy { $0.name == nil }
            }
            if isLast { Terminal.error("\(user) has no policy left, and may do nothing until one is put") }
        }
    }
}
