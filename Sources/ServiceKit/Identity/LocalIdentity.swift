package import Primitives
package import ServiceModel
package import Signing
internal import Synchronization

/// Access keys from a file, sessions as sealed tokens that need no storage.
///
/// The command line changes the same file, so the file's stamp is looked at again at most every
/// `reloadIntervalMilliseconds`; a damaged file keeps the keys that were read before.
package final class LocalIdentity: IdentityPort {
    /// How soon a created or deleted key is known.
    package static let reloadIntervalMilliseconds: Int64 = 500
    private static let sessionContext = "brume-session-1"

    private struct State {
        var keys: [String: AccessKey] = [:] {
            didSet { self.credentials = self.keys.mapValues(Credential.init) }
        }
        /// What a request with the key is given, made once.
        private(set) var credentials: [String: Credential] = [:]
        var stamp: FileStamp?
        var checked = Timestamp(millisecondsSinceEpoch: .min)
    }

    private let file: AccessKeyFile
    private let box: SecretBox
    private let random: any RandomSource
    private let mapsAccountIDs: Bool
    private let state: Mutex<State>

    /// Reads the keys of `file`. `mapsAccountIDs` is LocalStack's rule: a key id of twelve digits is that account's,
    /// with the secret of the `test` key.
    package init(
        file: AccessKeyFile,
        box: SecretBox,
        random: any RandomSource = SystemRandomSource(),
        mapsAccountIDs: Bool = false
    ) throws(AccessKeyFileError) {
        self.file = file
        self.box = box
        self.random = random
        self.mapsAccountIDs = mapsAccountIDs
        var state = State()
        state.stamp = Files.stamp(file.path)
        state.keys = Dictionary(try file.read().map { ($0.accessKeyID, $0) }) { _, later in later }
        self.state = Mutex(state)
    }

    /// Every key, by id.
    package var keys: [AccessKey] {
        self.state.withLock { $0.keys.values.sorted { $0.accessKeyID < $1.accessKeyID } }
    }

    package func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) -> CredentialLookup {
        if let sessionToken { return self.session(accessKeyID, sessionToken, now) }
        return self.state.withLock { state in
            self.reloadIfDue(&state, now)
            if let key = state.keys[accessKeyID], let credential = state.credentials[accessKeyID] {
                guard key.kind == .signing else { return .unknown }
                return key.isActive ? .found(credential) : .inactive
            }
            guard let key = self.mappedKey(accessKeyID, state) else { return .unknown }
            return key.isActive ? .found(Credential(key)) : .inactive
        }
    }

    package func bearer(name: String, now: Timestamp) -> CredentialLookup {
        self.state.withLock { state in
            self.reloadIfDue(&state, now)
            guard let key = state.keys[name], case .bedrock(let expiration) = key.kind else { return .unknown }
            if let expiration, now >= expiration { return .expired(at: expiration) }
            return key.isActive ? .found(Credential(key)) : .inactive
        }
    }

    /// Whether a key is for clients on this machine only.
    package func isLoopbackOnly(accessKeyID: String) -> Bool {
        self.state.withLock { state in
            (state.keys[accessKeyID] ?? self.mappedKey(accessKeyID, state))?.isLoopbackOnly ?? false
        }
    }

    private func mappedKey(_ accessKeyID: String, _ state: State) -> AccessKey? {
        guard self.mapsAccountIDs, let account = AccountID(accessKeyID), var key = state.keys["test"] else {
            return nil
        }
        key.accessKeyID = accessKeyID
        key.account = account
        return key
    }

    private func reloadIfDue(_ state: inout State, _ now: Timestamp) {
        let age = now.millisecondsSinceEpoch.subtractingReportingOverflow(state.checked.millisecondsSinceEpoch)
        guard age.overflow || !(0..<Self.reloadIntervalMilliseconds).contains(age.partialValue) else { return }
        state.checked = now
        let stamp = Files.stamp(self.file.path)
        guard stamp != state.stamp, let keys = try? self.file.read() else { return }
        state.stamp = stamp
        state.keys = Dictionary(keys.map { ($0.accessKeyID, $0) }) { _, later in later }
    }

    package func issueSession(for principal: Principal, expiration: Timestamp) -> Credential {
        let accessKeyID = "ASIA" + AccessKey.identifier(self.random)
        let secret = Base64.encode(self.random.bytes(30))
        let fields = [
            accessKeyID, secret, String(expiration.millisecondsSinceEpoch), principal.kind.rawValue,
            principal.account.description, principal.userID, principal.accessKeyID, principal.arn,
        ]
        let sealed = self.box.seal(Array(fields.joined(separator: "\n").utf8), context: Self.sessionContext)
        var issued = principal
        issued.accessKeyID = accessKeyID
        return Credential(
            accessKeyID: accessKeyID,
            secretAccessKey: secret,
            principal: issued,
            sessionToken: Base64.encode(sealed),
            expiration: expiration
        )
    }

    private func session(_ accessKeyID: String, _ token: String, _ now: Timestamp) -> CredentialLookup {
        guard let sealed = Base64.decode(token.utf8),
            let plain = self.box.open(sealed, context: Self.sessionContext)
        else { return .unknown }
        let fields = String(decoding: plain, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard fields.count == 8, fields[0] == accessKeyID, let milliseconds = Int64(fields[2]),
            let kind = Principal.Kind(rawValue: String(fields[3])), let account = AccountID(String(fields[4]))
        else { return .unknown }
        // A session ends with the key that asked for it.
        let parent = self.state.withLock { state in
            self.reloadIfDue(&state, now)
            return state.keys[String(fields[6])] ?? self.mappedKey(String(fields[6]), state)
        }
        guard let parent, parent.isActive else { return .inactive }
        let expiration = Timestamp(millisecondsSinceEpoch: milliseconds)
        guard now < expiration else { return .expired(at: expiration) }
        let principal = Principal(
            kind: kind,
            account: account,
            arn: String(fields[7]),
            userID: String(fields[5]),
            accessKeyID: accessKeyID
        )
        return .found(
            Credential(
                accessKeyID: accessKeyID,
                secretAccessKey: String(fields[1]),
                principal: principal,
                sessionToken: token,
                expiration: expiration
            )
        )
    }
}

extension Credential {
    /// What proves a long-term key.
    fileprivate init(_ key: AccessKey) {
        self.init(accessKeyID: key.accessKeyID, secretAccessKey: key.secretAccessKey, principal: key.principal)
    }
}
