internal import ArgumentParser
internal import Server

/// `brume keys`: access keys of the data directory. A running server knows a new key at once, and within a second that
/// one was deleted.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, create and delete access keys.",
        discussion: """
            A running server accepts a new key at once, and refuses a deleted one within a second.

              brume keys create --user ana
              brume keys create --user ci --policy read-only.json
              brume keys create --bedrock --expires-days 30
            """,
        subcommands: [List.self, Create.self, Delete.self, Cluster.self],
        defaultSubcommand: List.self
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List access keys, without their secrets.", usage: "brume keys list [<options>]")

        @OptionGroup var directory: DirectoryOptions

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func run() async throws {
            let configuration = try self.directory.loadToList()
            let keys = try orExit { () throws(StartError) in
                try KeyStore.existing(configuration)?.list() ?? []
            }
            switch self.output {
            case .text:
                let rows = keys.map { key in
                    [
                        key.accessKeyID, key.account, key.userName ?? "root", key.isActive ? "active" : "inactive",
                        key.isBedrock ? "Bedrock API key" : "access key", key.permissions,
                    ]
                }
                TextTable.lines([["ID", "ACCOUNT", "USER", "STATE", "KIND", "POLICIES"]] + rows).forEach(
                    Terminal.output)
            case .json:
                let rows = keys.map { key in
                    "{\"accessKeyId\":\(quoted(key.accessKeyID)),\"account\":\(quoted(key.account)),"
                        + "\"user\":\(quoted(key.userName ?? "root")),\"active\":\(key.isActive),"
                        + "\"bedrock\":\(key.isBedrock),\"policies\":\(key.policiesJSON),"
                        + "\"expires\":\(key.expirationSeconds.map { String($0) } ?? "null")}"
                }
                Terminal.output("[" + rows.joined(separator: ",") + "]")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an access key, and print it with its secret.",
            usage: "brume keys create [<options>]",
            discussion: """
                `brume env --access-key-id <id>` prints the secret of an access key again; a Bedrock API key is \
                printed only once.
                """
        )

        @OptionGroup var directory: DirectoryOptions

        @Option(name: .customLong("access-key-id"), help: "ID of the new key (default: a generated one).")
        var accessKeyID: String?

        @Option(name: .customLong("secret-access-key"), help: "Secret of the new key (default: a generated one).")
        var secretAccessKey: String?

        @Option(help: "Account of the key: twelve digits.")
        var account: String = "000000000000"

        @Option(help: "User that the key belongs to (default: the account's root).")
        var user: String?

        @Option(
            help: ArgumentHelp(
                "File of a policy to put for the user, named like the file; - reads standard input.",
                valueName: "file"), completion: .file())
        var policy: String?

        @Flag(help: "Create a long-term Amazon Bedrock API key (AWS_BEARER_TOKEN_BEDROCK) instead of an access key.")
        var bedrock = false

        @Option(
            name: .customLong("expires-days"),
            help: ArgumentHelp("Lifetime of a Bedrock API key in days (default: no end).", valueName: "days"))
        var expiresDays: Int?

        @Option(help: "Output format.")
        var output: OutputFormat = .text

        func validate() throws {
            if self.bedrock, self.accessKeyID != nil || self.secretAccessKey != nil {
                throw ValidationError("A Bedrock API key is generated: its ID and secret cannot be chosen.")
            }
            if !self.bedrock, self.policy != nil, self.user == nil {
                throw ValidationError("--policy requires --user: the account's root has no policies.")
            }
            if !self.bedrock, self.expiresDays != nil { throw ValidationError("--expires-days requires --bedrock.") }
        }

        func run() async throws {
            let configuration = try self.directory.load()
            let (policy, store) = try orExit { () throws(StartError) in
                try KeyStore.checkOwn("the access keys", of: configuration, remedy: "brume keys create")
                // First what can be wrong, as a mistake leaves no data directory behind.
                try KeyStore.check(
                    accessKeyID: self.accessKeyID, secretAccessKey: self.secretAccessKey, account: self.account,
                    userName: self.user, days: self.expiresDays)
                let policy = try self.policy.map { (path) throws(StartError) in try PolicyArgument(path: path) }
                return (policy, try KeyStore(configuration))
            }
            if self.bedrock {
                try self.createBedrock(store, policy)
                return
            }
            let key = try orExit { () throws(StartError) in
                try store.create(
                    accessKeyID: self.accessKeyID,
                    secretAccessKey: self.secretAccessKey,
                    account: self.account,
                    userName: self.user,
                    policy: policy
                )
            }
            switch self.output {
            case .text:
                Terminal.output("aws_access_key_id = \(key.accessKeyID)")
                Terminal.output("aws_secret_access_key = \(key.secretAccessKey)")
            case .json:
                Terminal.output(
                    "{\"accessKeyId\":\(quoted(key.accessKeyID)),\"secretAccessKey\":\(quoted(key.secretAccessKey)),"
                        + "\"account\":\(quoted(key.account)),\"user\":\(quoted(key.userName ?? "root"))}"
                )
            }
        }

        private func createBedrock(_ store: KeyStore, _ policy: PolicyArgument?) throws {
            let key = try orExit { () throws(StartError) in
                try store.createBedrock(
                    account: self.account, userName: self.user, days: self.expiresDays, policy: policy)
            }
            switch self.output {
            case .text:
                Terminal.output("AWS_BEARER_TOKEN_BEDROCK=\(key.bearerToken)")
            case .json:
                Terminal.output(
                    "{\"name\":\(quoted(key.accessKeyID)),\"bearerToken\":\(quoted(key.bearerToken)),"
                        + "\"account\":\(quoted(key.account)),\"user\":\(quoted(key.userName ?? "")),"
                        + "\"expires\":\(key.expirationSeconds.map { String($0) } ?? "null")}"
                )
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete an access key, and end its sessions.",
            usage: "brume keys delete [<options>] <access-key-id>")

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "ID of the key.")
        var accessKeyID: String

        func run() async throws {
            let configuration = try self.directory.load()
            try orExit { () throws(StartError) in
                guard let store = try KeyStore.existing(configuration) else { throw StartError.noKey(self.accessKeyID) }
                try store.delete(self.accessKeyID)
            }
        }
    }

    struct Cluster: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create the key that the processes of a cluster share, and print its path.",
            usage: "brume keys cluster [<options>]")

        @OptionGroup var directory: DirectoryOptions

        @Option(
            help: "File to create (default: identity/cluster.key in the data directory).", completion: .file())
        var file: String?

        func run() async throws {
            let path = try self.file ?? DataDirectory(path: self.directory.load().dataDirectory).clusterKey
            try orExit { () throws(StartError) in try ClusterKeyFile.make(at: path) }
            Terminal.output(path)
        }
    }
}

extension KeyDescription {
    /// What restricts the key within its account, for people.
    fileprivate var permissions: String {
        guard let names = self.policyNames else {
            return self.isBedrock ? "none: may do everything in Bedrock" : "none: may do everything"
        }
        return names.isEmpty ? "none left: may do nothing" : names.joined(separator: ", ")
    }

    fileprivate var policiesJSON: String {
        self.policyNames.map { "[" + $0.map(quoted).joined(separator: ",") + "]" } ?? "null"
    }
}
