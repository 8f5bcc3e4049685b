internal import Primitives
internal import ServiceKit
internal import Signing

/// An access key as the command line shows it.
package struct KeyDescription: Sendable, Equatable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var account: String
    package var userName: String?
    package var isActive: Bool
    /// Whether it is a bearer key of Bedrock: its id is a name, and it cannot sign.
    package var isBedrock: Bool
    /// When a bearer key expires, in seconds since 1970; nil: never.
    package var expirationSeconds: Int64?
    /// The names of its user's policies; nil when the user is unrestricted within the account.
    package var policyNames: [String]?

    /// The text of a bearer key, such as `ABSK…`.
    package var bearerToken: String { LongTermBearer.text(name: self.accessKeyID, secret: self.secretAccessKey) }

    init(_ key: AccessKey) {
        self.accessKeyID = key.accessKeyID
        self.secretAccessKey = key.secretAccessKey
        self.account = key.account.description
        self.userName = key.userName
        self.isActive = key.isActive
        switch key.kind {
        case .signing: (self.isBedrock, self.expirationSeconds) = (false, nil)
        case .bedrock(let expiration): (self.isBedrock, self.expirationSeconds) = (true, expiration?.secondsSinceEpoch)
        }
    }
}

/// The access keys of a data directory, for commands and for the first start.
///
/// Changes are made under a lock on `access-keys.lock`, so that two commands do not lose each other's keys.
package struct KeyStore: Sendable {
    private let file: AccessKeyFile
    private let policies: UserPolicyStore
    private let lock: IdentityLock
    private let random: any RandomSource
    private let clock: any WallClock

    /// Makes the directory and its files where they are missing.
    package init(_ configuration: Configuration) throws(StartError) {
        try self.init(configuration) { (directory, random) throws(FileError) in try directory.prepare(random: random) }
    }

    /// The keys of a directory that a server or a command has made; creates nothing.
    /// - Returns: nil when there are none yet.
    package static func existing(_ configuration: Configuration) throws(StartError) -> KeyStore? {
        let directory = DataDirectory(path: configuration.dataDirectory)
        guard Files.facts(directory.sealKey) != nil else { return nil }
        return try KeyStore(configuration) { (_, _) throws(FileError) in }
    }

    /// - Throws: where a server of this configuration takes keys and policies of another process, and would never look
    ///   at what is made here.
    package static func checkOwn(
        _ what: String, of configuration: Configuration, remedy command: String
    ) throws(StartError) {
        guard configuration.cluster.identityURL == nil else {
            throw StartError(
                .configuration, "\(what) are taken from another process: run `\(command)` there (see identity-url)")
        }
    }

    private init(
        _ configuration: Configuration, prepare: (DataDirectory, any RandomSource) throws(FileError) -> Void
    ) throws(StartError) {
        let random = SystemRandomSource()
        let directory = DataDirectory(path: configuration.dataDirectory)
        do throws(FileError) {
            try prepare(directory, random)
            self.file = try directory.accessKeyFile(random: random)
        } catch {
            throw StartError(unusable: error)
        }
        self.policies = UserPolicyStore(directory, random)
        self.lock = IdentityLock(directory)
        self.random = random
        self.clock = SystemClock()
    }

    package func list() throws(StartError) -> [KeyDescription] {
        let policies = try self.policies.read()
        return try self.read().map { key in
            var description = KeyDescription(key)
            let found = key.user.flatMap { policies[$0] }
            description.policyNames = (found ?? (key.isRestricted ? [] : nil))?.map(\.name).sorted()
            return description
        }
    }

    /// Checks what a new key is made of, so that a mistake leaves no data directory behind; nil: it will be generated.
    /// - Throws: with a sentence that says what is expected.
    package static func check(
        accessKeyID: String?, secretAccessKey: String?, account: String, userName: String?, days: Int?
    ) throws(StartError) {
        _ = try AccountID(configured: account)
        if let accessKeyID, !AccessKey.isLawfulID(accessKeyID) {
            throw StartError(.usage, "an access key id is \(AccessKey.idRule)")
        }
        if let secretAccessKey, !AccessKey.isLawfulSecret(secretAccessKey) {
            throw StartError(.usage, "a secret access key is 1 to 128 visible ASCII characters")
        }
        if let userName, !self.isLawfulUserName(userName) { throw self.unlawfulUserName }
        // IAM's bounds of CredentialAgeDays.
        guard days.map({ (1...36_600).contains($0) }) ?? true else {
            throw StartError(.usage, "a Bedrock API key expires after 1 to 36600 days, or never")
        }
    }

    /// A sentence about keys that were lost: a server has run on this directory, but there are none. nil otherwise.
    ///
    /// A server opens its log after it has made a key.
    package static func lossOfKeys(_ configuration: Configuration) throws(StartError) -> String? {
        let directory = DataDirectory(path: configuration.dataDirectory)
        guard configuration.cluster.identityURL == nil, Files.facts(directory.accessLog) != nil else { return nil }
        if let keys = try self.existing(configuration)?.read(), !keys.isEmpty { return nil }
        return "\(directory.accessKeys) is missing or has no keys, although a server has run here: keys that were "
            + "handed out before are not accepted. Stop the server and restore the file from a backup, or hand out new "
            + "keys"
    }

    /// A sentence about users whose policies were lost; nil when there are none.
    package func lossOfPolicies() throws(StartError) -> String? {
        let lost = AccessKey.usersWithLostPolicies(try self.read(), try self.policies.read())
        return lost.isEmpty ? nil : self.policies.file.lossSentence(lost)
    }

    /// Marks the keys of users that have policies. Under the lock.
    ///
    /// Damaged keys stay as they are, because they do not keep policies from being put: the next change marks them.
    static func markUnderLock(
        _ directory: DataDirectory, _ policies: UserPolicyFile.Policies, random: any RandomSource
    ) throws(StartError) {
        guard let (file, keys) = self.readable(directory, random: random) else { return }
        let marked = AccessKey.marked(keys, policies)
        guard marked != keys else { return }
        do throws(AccessKeyFileError) {
            try file.write(marked)
        } catch {
            throw StartError(.dataDirectory, error.sentence)
        }
    }

    /// The users that have keys.
    static func users(_ directory: DataDirectory, random: any RandomSource) -> Set<UserReference> {
        Set(self.readable(directory, random: random)?.keys.compactMap(\.user) ?? [])
    }

    /// The keys of a directory, without making any file; nil when there are none, or they are damaged.
    private static func readable(
        _ directory: DataDirectory, random: any RandomSource
    ) -> (file: AccessKeyFile, keys: [AccessKey])? {
        guard Files.facts(directory.accessKeys) != nil, Files.facts(directory.sealKey) != nil,
            let file = try? directory.accessKeyFile(random: random), let keys = try? file.read()
        else { return nil }
        return (file, keys)
    }

    /// Checks the name of a new key's user, and stores the policy before the key itself is stored.
    /// - Parameters:
    ///   - policy: the user's; nil for none.
    ///   - key: the new key.
    ///   - keys: those that there are. Damaged policies keep no key from being made.
    /// - Throws: when there is a user of that name in another case, and when the policy cannot be stored.
    private func prepare(_ policy: PolicyArgument?, _ key: AccessKey, _ keys: [AccessKey]) throws(StartError) {
        if let user = key.user {
            let policies = (try? self.policies.read()) ?? [:]
            try UserNames.check(user, among: Set(keys.compactMap(\.user)).union(policies.keys))
        }
        try self.put(policy, key)
    }

    private func put(_ policy: PolicyArgument?, _ key: AccessKey) throws(StartError) {
        guard let policy else { return }
        guard let userName = key.userName else {
            throw StartError(.usage, "the account's root has no policies: name a user with --user")
        }
        try self.policies.putUnderLock(policy, UserReference(account: key.account, name: userName))
    }

    package func create(
        accessKeyID: String?, secretAccessKey: String?, account: String, userName: String?,
        policy: PolicyArgument? = nil
    ) throws(StartError) -> KeyDescription {
        try Self.check(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, account: account, userName: userName, days: nil)
        let account = try AccountID(configured: account)
        var key = AccessKey.generate(account: account, random: self.random, now: self.clock.now())
        key.userName = userName
        if let accessKeyID { key.accessKeyID = accessKeyID }
        if let secretAccessKey { key.secretAccessKey = secretAccessKey }
        return try self.change { (keys) throws(StartError) in
            guard !keys.contains(where: { $0.accessKeyID == key.accessKeyID }) else {
                throw StartError(
                    .usage,
                    "the access key \(key.accessKeyID) exists already; delete it first with "
                        + "`brume keys delete \(key.accessKeyID)`"
                )
            }
            try self.prepare(policy, key, keys)
            keys.append(key)
            return KeyDescription(key)
        }
    }

    /// Makes a long-term bearer key of Bedrock that is valid for `days`, 1 to 36,600; nil: without end.
    package func createBedrock(
        account: String, userName: String?, days: Int?, policy: PolicyArgument? = nil
    ) throws(StartError) -> KeyDescription {
        try Self.check(accessKeyID: nil, secretAccessKey: nil, account: account, userName: userName, days: days)
        let account = try AccountID(configured: account)
        let now = self.clock.now()
        let expiration = days.map { Timestamp(secondsSinceEpoch: now.secondsSinceEpoch + Int64($0) * 86_400) }
        return try self.change { (keys) throws(StartError) in
            let names = Set(keys.map(\.accessKeyID))
            let key = AccessKey.generateBedrock(
                account: account, userName: userName, isTaken: names.contains, expiration: expiration,
                random: self.random, now: now)
            try self.prepare(policy, key, keys)
            keys.append(key)
            return KeyDescription(key)
        }
    }

    static var unlawfulUserName: StartError {
        StartError(
            .usage,
            "a user name is 1 to 64 letters, digits and characters of +=,.@-_, and not a hyphen alone"
        )
    }

    /// IAM's rule for user names, except that `-` alone is refused: it stands for the account's root in the key file.
    /// - Source: IAM API Reference, CreateUser, `UserName`.
    static func isLawfulUserName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name != "-"
            && name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "+=,.@-_".utf8.contains($0) }
    }

    package func delete(_ accessKeyID: String) throws(StartError) {
        try self.change { (keys) throws(StartError) in
            guard let index = keys.firstIndex(where: { $0.accessKeyID == accessKeyID }) else {
                throw StartError.noKey(accessKeyID)
            }
            keys.remove(at: index)
        }
    }

    /// Makes sure that there is a root key and, in LocalStack's mode, its well-known keys.
    /// - Returns: the root key if it was made now; nil when there was one.
    package func ensureKeys(
        root: (accessKeyID: String, secretAccessKey: String)?, addsTestKeys: Bool
    ) throws(StartError) -> KeyDescription? {
        try self.change { (keys) throws(StartError) in
            var made: KeyDescription?
            if let root {
                var key = AccessKey.generate(account: .standard, random: self.random, now: self.clock.now())
                key.accessKeyID = root.accessKeyID
                key.secretAccessKey = root.secretAccessKey
                // A key that is there is left alone, so that a start writes nothing: the disk may be full.
                if !(keys.first?.isSame(as: key) ?? false) {
                    keys.removeAll { $0.accessKeyID == root.accessKeyID }
                    keys.insert(key, at: 0)
                }
            } else if !keys.contains(where: { $0.userName == nil && !$0.isLoopbackOnly }) {
                let key = AccessKey.generate(account: .standard, random: self.random, now: self.clock.now())
                keys.insert(key, at: 0)
                made = KeyDescription(key)
            }
            for (accessKeyID, secretAccessKey) in Self.localStackKeys {
                keys.removeAll { key in
                    let isKept = addsTestKeys && key.secretAccessKey == secretAccessKey
                    return key.accessKeyID == accessKeyID && key.isLoopbackOnly && !isKept
                }
                guard addsTestKeys, !keys.contains(where: { $0.accessKeyID == accessKeyID }) else { continue }
                var key = AccessKey.generate(account: .standard, random: self.random, now: self.clock.now())
                key.accessKeyID = accessKeyID
                key.secretAccessKey = secretAccessKey
                key.isLoopbackOnly = true
                keys.append(key)
            }
            return made
        }
    }

    /// The keys that LocalStack's documentation recommends, and those of its own client library for Python.
    private static let localStackKeys = [("test", "test"), ("accesskey", "secretkey")]

    private func read() throws(StartError) -> [AccessKey] {
        do throws(AccessKeyFileError) {
            return try self.file.read()
        } catch {
            throw StartError(error)
        }
    }

    private func change<Value>(
        _ work: (inout [AccessKey]) throws(StartError) -> Value
    ) throws(StartError) -> Value {
        try self.lock.hold { () throws(StartError) in
            let before = try self.read()
            var keys = before
            let value = try work(&keys)
            // Damaged policies do not keep keys from being deleted; the next change marks the others.
            if let policies = try? self.policies.read() { keys = AccessKey.marked(keys, policies) }
            guard keys != before else { return value }
            do throws(AccessKeyFileError) {
                try self.file.write(keys)
            } catch {
                throw StartError(.dataDirectory, error.sentence)
            }
            return value
        }
    }
}
