internal import ArgumentParser
internal import Server

/// `brume keys`: access keys of the data directory. A running server knows a new key at once, and within a second that
/// one was deleted.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, create and delete access keys.",
        subcommands: [List.self, Create.self, Delete.self, Cluster.self],
        defaultSubcommand: List.self
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the access keys, without their secrets.")

        @OptionGroup var directory: DirectoryOptions

        @Option(help: "How the result is written.")
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
                        key.isBedrock ? "API key of Bedrock" : "access key", key.permissions,
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
            abstract: "Create an access key and print it; the secret is shown only here and by `brume env`."
        )

        @OptionGroup var directory: DirectoryOptions

        @Option(name: .customLong("access-key-id"), help: "A chosen id; made up when absent.")
        var accessKeyID: String?

        @Option(name: .customLong("secret-access-key"), help: "A chosen secret; made up when absent.")
        var secretAccessKey: String?

        @Option(help: "The twelve digits of the account.")
        var account: String = "000000000000"

        @Option(help: "Name of the user that the key belongs to; the account's root when absent.")
        var user: String?

        @Option(
            help: ArgumentHelp(
                "A policy that the user gets with the key: a file, whose name it has, or - for standard input.",
                valueName: "file"), completion: .file())
        var policy: String?

        @Flag(help: "A long-term API key of Amazon Bedrock, for AWS_BEARER_TOKEN_BEDROCK, instead of an access key.")
        var bedrock = false

        @Option(name: .customLong("expires-days"), help: "How long an API key of Bedrock holds (default: for ever).")
        var expiresDays: Int?

        @Option(help: "How the result is written.")
        var output: OutputFormat = .text

        func validate() throws {
            if self.bedrock, self.accessKeyID != nil || self.secretAccessKey != nil {
                throw ValidationError("An API key of Bedrock is made up: id and secret cannot be chosen.")
            }
            if !self.bedrock, self.policy != nil, self.user == nil {
                throw ValidationError("--policy goes with --user: the account's root has no policies.")
            }
            if !self.bedrock, self.expiresDays != nil { throw ValidationError("--expires-days goes with --bedrock.") }
        }

        func run() async throws {
            let configuration = try self.directory.load()
            let store = try orExit { () throws(StartError) in
                try KeyStore.checkOwn("the access keys", of: configuration, remedy: "brume keys create")
                return try KeyStore(configuration)
            }
            let policy = try orExit { () throws(StartError) in
                try self.policy.map { (path) throws(StartError) in try PolicyArgument(path: path) }
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
        static let configuration = CommandConfiguration(abstract: "Delete an access key; its sessions end with it.")

        @OptionGroup var directory: DirectoryOptions

        @Argument(help: "The key's id.")
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
            abstract: "Make the key that the processes of a cluster share, and print where it is.")

        @OptionGroup var directory: DirectoryOptions

        @Option(
            help: "Where to write it (default: identity/cluster.key in the data directory).", completion: .file())
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
        guard let names = self.policyNames else { return "none: may do everything" }
        return names.isEmpty ? "none left: may do nothing" : names.joined(separator: ", ")
    }

    fileprivate var policiesJSON: String {
        self.policyNames.map { "[" + $0.map(quoted).joined(separator: ",") + "]" } ?? "null"
    }
}
