internal import ArgumentParser
internal import Server

/// `brume policies`: the inline policies of users. A running server knows a change within half a second, and the other
/// processes of its cluster within five.
struct Policies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, show, put and delete the inline policies of users.",
        discussion: """
            A user without policies may do everything in its account. From the first one on it may do only what its \
            policies (or that of a table) allow and none denies, as on AWS; deleting the last one leaves it nothing. \
            The account's root is not restricted.

              brume policies put ReadMusic read-music.json --user ana
            """,
        subcommands: [List.self, Show.self, Put.self, Delete.self],
        defaultSubcommand: List.self
    )

    /// The user whose policies a command works on.
    struct UserOptions: ParsableArguments {
        @Option(help: "Name of the user.")
        var user: String

        @Option(help: "The twelve digits of the user's account.")
        var account: String = "000000000000"
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the policies of a user, or of every user.")

        @OptionGroup var directory: DirectoryOptions

        @Option(help: "Name of the user (default: every user that has policies, or had some).")
        var user: String?

        @Option(help: "The twelve digits of an account (default: every one).")
        var account: String?

        @Option(help: "How the result is written.")
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
                        policy.account, policy.userName, policy.name ?? "none: may do nothing",
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
        static let configuration = CommandConfiguration(abstract: "Print the document of a policy, as it was put.")

        @OptionGroup var directory: DirectoryOptions

        @OptionGroup var owner: UserOptions

        @Argument(help: "The policy's name.")
        var name: String

        @Option(help: "How the result is written.")
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
                // The document is JSON itself.
                Terminal.output(
                    "{\"account\":\(quoted(policy.account)),\"user\":\(quoted(policy.userName)),"
                        + "\"policyName\":\(quoted(self.name)),\"policyDocument\":\(policy.text)}")
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a policy, in the place of one of the same name or beside the others.",
            discussion: """
                All policies of a user together have at most 2,048 characters, white space not counted. What is wrong \
                with a document is said with line and column, and nothing changes.
                """)

        @OptionGroup var directory: DirectoryOptions

        @OptionGroup var owner: UserOptions

        @Argument(help: "The policy's name: 1 to 128 letters, digits and characters of _+=,.@-")
        var name: String

        @Argument(help: "File of the document, in IAM's policy language; - for standard input.", completion: .file())
        var file: String

        func run() async throws {
            let configuration = try self.directory.load()
            let user = self.owner.user
            let isFirst = try orExit { () throws(StartError) in
                try KeyStore.checkOwn("the policies of users", of: configuration, remedy: "brume policies put")
                let store = try UserPolicyStore(configuration)
                let isFirst = try store.list(account: self.owner.account, userName: user).isEmpty
                let policy = try PolicyArgument(name: self.name, path: self.file)
                try store.put(policy, account: self.owner.account, userName: user)
                return isFirst
            }
            if isFirst { Terminal.error("\(user) may from now on do only what its policies allow") }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a policy; a user whose last one goes may do nothing.")

        @OptionGroup var directory: DirectoryOptions

        @OptionGroup var owner: UserOptions

        @Argument(help: "The policy's name.")
        var name: String

        func run() async throws {
            let configuration = try self.directory.load()
            let (account, user) = (self.owner.account, self.owner.user)
            let isLast = try orExit { () throws(StartError) in
                let store = UserPolicyStore.existing(configuration)
                try store.delete(self.name, account: account, userName: user)
                return try store.list(account: account, userName: user).allSatisfy { $0.name == nil }
            }
            if isLast { Terminal.error("\(user) has no policy left and may do nothing, until one is put") }
        }
    }
}
