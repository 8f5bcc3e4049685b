internal import Primitives
internal import ServiceKit

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A policy of a user, as the command line takes and shows it.
package struct PolicyDescription: Sendable, Equatable {
    package var account: String
    package var userName: String
    /// nil for a user whose last policy was deleted.
    package var name: String?
    /// The text exactly as it was given.
    package var text: String
    /// The characters that count towards the quota.
    package var characterCount: Int

    init(_ user: UserReference, _ policy: InlinePolicy?) {
        self.account = user.account.description
        self.userName = user.name
        self.name = policy?.name
        self.text = policy?.text ?? ""
        self.characterCount = policy?.characterCount ?? 0
    }
}

/// The inline policies of a data directory's users, for commands.
///
/// A user without any may do everything in the account. After the first policy is put, the user may do only what
/// policies allow.
package struct UserPolicyStore: Sendable {
    let file: UserPolicyFile
    private let lock: IdentityLock
    private let directory: DataDirectory
    private let random: any RandomSource

    /// Makes the directory if it does not exist.
    package init(_ configuration: Configuration) throws(StartError) {
        let directory = DataDirectory(path: configuration.dataDirectory)
        let random = SystemRandomSource()
        do throws(FileError) {
            try directory.prepare(random: random)
        } catch {
            throw StartError(unusable: error)
        }
        self.init(directory, random)
    }

    /// The policies of a directory that a server or a command has made; creates nothing.
    package static func existing(_ configuration: Configuration) -> UserPolicyStore {
        UserPolicyStore(DataDirectory(path: configuration.dataDirectory), SystemRandomSource())
    }

    init(_ directory: DataDirectory, _ random: any RandomSource) {
        self.file = directory.userPolicyFile(random: random)
        self.lock = IdentityLock(directory)
        self.directory = directory
        self.random = random
    }

    /// The policies of a user, or of all users, sorted by name.
    package func list(account: String? = nil, userName: String? = nil) throws(StartError) -> [PolicyDescription] {
        let account = try account.map { (text) throws(StartError) in try AccountID(configured: text) }
        let policies = try self.read()
        let users = policies.keys.filter {
            (account == nil || $0.account == account) && (userName == nil || $0.name == userName)
        }
        return users.sorted { ($0.account.description, $0.name) < ($1.account.description, $1.name) }.flatMap { user in
            let own = policies[user, default: []].sorted { $0.name < $1.name }
            return own.isEmpty
                ? [PolicyDescription(user, nil)] : own.map { PolicyDescription(user, $0) }
        }
    }

    package func policy(_ name: String, account: String, userName: String) throws(StartError) -> PolicyDescription {
        let user = UserReference(account: try AccountID(configured: account), name: userName)
        guard let policy = try self.read()[user]?.first(where: { $0.name == name }) else { throw Self.none(name, user) }
        return PolicyDescription(user, policy)
    }

    /// Puts a policy, replacing one of the same name.
    @discardableResult
    package func put(
        _ policy: PolicyArgument, account: String, userName: String
    ) throws(StartError) -> PolicyDescription {
        guard KeyStore.isLawfulUserName(userName) else { throw KeyStore.unlawfulUserName }
        let user = UserReference(account: try AccountID(configured: account), name: userName)
        return try self.lock.hold { () throws(StartError) in
            let users = KeyStore.users(self.directory, random: self.random).union(try self.read().keys)
            try UserNames.check(user, among: users)
            return try self.putUnderLock(policy, user)
        }
    }

    /// Whether a user has a key. A policy may come first, but may also be for a name that was misspelt.
    package func hasKey(account: String, userName: String) throws(StartError) -> Bool {
        let user = UserReference(account: try AccountID(configured: account), name: userName)
        return KeyStore.users(self.directory, random: self.random).contains(user)
    }

    /// As `put`, for callers that hold the lock.
    @discardableResult
    func putUnderLock(_ argument: PolicyArgument, _ user: UserReference) throws(StartError) -> PolicyDescription {
        let policy: InlinePolicy
        do throws(InlinePolicyError) {
            policy = try InlinePolicy(name: argument.name, text: argument.text)
            try policy.checkAsNew()
        } catch {
            if case .name = error { throw StartError(.usage, error.sentence) }
            throw StartError(.configuration, "\(argument.origin): \(error.sentence)")
        }
        var policies = try self.read()
        var own = policies[user, default: []].filter { $0.name != policy.name }
        own.append(policy)
        let count = own.reduce(0) { $0 + $1.characterCount }
        guard count <= InlinePolicy.charactersMax else {
            throw StartError(
                .configuration,
                "Maximum policy size of \(InlinePolicy.charactersMax) bytes exceeded for user \(user.name): with this "
                    + "one its policies have \(count), not counting white space; shorten or delete some")
        }
        policies[user] = own
        try self.write(policies)
        // After the policies: a marked key without policies may do nothing.
        try KeyStore.markUnderLock(self.directory, policies, random: self.random)
        return PolicyDescription(user, policy)
    }

    /// Deletes a policy. A user whose last policy is deleted may do nothing.
    package func delete(_ name: String, account: String, userName: String) throws(StartError) {
        // Checked first, so that no lock file is made for a policy that does not exist.
        _ = try self.policy(name, account: account, userName: userName)
        let user = UserReference(account: try AccountID(configured: account), name: userName)
        try self.lock.hold { () throws(StartError) in
            var policies = try self.read()
            guard let own = policies[user], own.contains(where: { $0.name == name }) else {
                throw Self.none(name, user)
            }
            policies[user] = own.filter { $0.name != name }
            try self.write(policies)
        }
    }

    private static func none(_ name: String, _ user: UserReference) -> StartError {
        StartError(
            .noSource,
            "there is no policy \(name) of user \(user.name) in account \(user.account); `brume policies list` lists "
                + "the policies")
    }

    func read() throws(StartError) -> UserPolicyFile.Policies {
        do throws(UserPolicyFileError) {
            return try self.file.read()
        } catch {
            throw StartError(error)
        }
    }

    private func write(_ policies: UserPolicyFile.Policies) throws(StartError) {
        do throws(UserPolicyFileError) {
            try self.file.write(policies)
        } catch {
            throw StartError(error)
        }
    }
}

/// A policy as an argument of a command.
package struct PolicyArgument: Sendable, Equatable {
    package var name: String
    package var text: String
    /// Its source, for error messages.
    package var origin: String

    package init(name: String, text: String, origin: String) {
        self.name = name
        self.text = text
        self.origin = origin
    }

    /// Reads a policy from a file, or from standard input if `path` is `-`.
    ///
    /// The default name is the file's name without folders and `.json`.
    package init(name: String? = nil, path: String) throws(StartError) {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let bytes: [UInt8]
        do throws(FileError) {
            bytes =
                path == "-"
                ? try StandardInput.read(bytesMax: InlinePolicy.textBytesMax)
                : try Files.read(path, bytesMax: InlinePolicy.textBytesMax)
        } catch {
            let isAbsent = error == .absent
            throw StartError(
                isAbsent ? .noSource : .configuration,
                "the policy cannot be read: \(isAbsent ? "there is no file \(path)" : error.sentence)")
        }
        self.init(
            name: name ?? (path == "-" ? "policy" : file.hasSuffix(".json") ? String(file.dropLast(5)) : file),
            text: String(decoding: bytes, as: UTF8.self), origin: path == "-" ? "standard input" : path)
    }
}

/// The standard input of a command.
private enum StandardInput {
    static func read(bytesMax: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { buffer in
                #if canImport(Glibc)
                unsafe Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                unsafe Musl.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
                #else
                unsafe Darwin.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
                #endif
            }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= bytesMax else { throw .tooLarge(path: "standard input", bytesMax: bytesMax) }
        }
    }
}

extension AccountID {
    /// Parses an account that a command names.
    init(configured text: String) throws(StartError) {
        guard let account = AccountID(text) else {
            throw StartError(.usage, "an account is twelve digits, not \"\(text)\"")
        }
        self = account
    }
}
