package import Primitives
package import ServiceModel
package import Signing
internal import Synchronization

/// Access keys from a file, sessions as sealed tokens that need no storage.
///
/// The command line changes the same file, so the file's stamp is looked at again at most every
/// `reloadIntervalMilliseconds`, and whenever a key is asked for that is not known: a new one holds at once. A damaged
/// file keeps the keys that were read before.
package final class LocalIdentity: IdentityPort {
    /// How soon it is known that a key was deleted.
    package static let reloadIntervalMilliseconds: Int64 = 500

    private struct State {
        var ring: KeyRing
        var stamp: FileFacts?
        var checked = Timestamp(millisecondsSinceEpoch: .min)
    }

    private let file: AccessKeyFile
    private let sessions: SessionTokens
    private let mapsAccountIDs: Bool
    private let state: Mutex<State>

    /// Reads the keys of `file`. `mapsAccountIDs` is LocalStack's rule: a key id of twelve digits is that account's,
    /// with the secret of the `test` key. `clusterBox` seals sessions where the processes of a cluster share them.
    package init(
        file: AccessKeyFile,
        box: SecretBox,
        random: any RandomSource = SystemRandomSource(),
        mapsAccountIDs: Bool = false,
        clusterBox: SecretBox? = nil
    ) throws(AccessKeyFileError) {
        self.file = file
        self.sessions = SessionTokens(boxes: (clusterBox.map { [$0] } ?? []) + [box], random: random)
        self.mapsAccountIDs = mapsAccountIDs
        let stamp = Files.facts(file.path)
        let ring = KeyRing(try file.read(), mapsAccountIDs: mapsAccountIDs)
        self.state = Mutex(State(ring: ring, stamp: stamp))
    }

    /// Every key, by id.
    package var keys: [AccessKey] {
        self.state.withLock { $0.ring.keys.values.sorted { $0.accessKeyID < $1.accessKeyID } }
    }

    /// Every key as it is now, for a process that has none of its own.
    package func currentKeys(now: Timestamp) -> [AccessKey] {
        self.state.withLock { state in
            self.reloadIfDue(&state, now)
            return Array(state.ring.keys.values)
        }
    }

    package func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) -> CredentialLookup {
        guard let sessionToken else { return self.lookUp(now) { $0.credential(accessKeyID: accessKeyID) } }
        guard let opened = self.sessions.open(sessionToken, of: accessKeyID) else { return .unknown }
        return self.lookUp(now) { $0.session(opened, now: now) }
    }

    package func bearer(name: String, now: Timestamp) -> CredentialLookup {
        self.lookUp(now) { $0.bearer(name: name, now: now) }
    }

    private func lookUp(_ now: Timestamp, _ answer: (KeyRing) -> CredentialLookup) -> CredentialLookup {
        self.state.withLock { state in
            self.reloadIfDue(&state, now)
            let found = answer(state.ring)
            guard found == .unknown else { return found }
            self.reload(&state)
            return answer(state.ring)
        }
    }

    package func isLoopbackOnly(accessKeyID: String) -> Bool {
        self.state.withLock { $0.ring.isLoopbackOnly(accessKeyID: accessKeyID) }
    }

    package func issueSession(for principal: Principal, expiration: Timestamp) -> Credential {
        self.sessions.issue(for: principal, expiration: expiration)
    }

    private func reloadIfDue(_ state: inout State, _ now: Timestamp) {
        let age = now.millisecondsSinceEpoch.subtractingReportingOverflow(state.checked.millisecondsSinceEpoch)
        guard age.overflow || !(0..<Self.reloadIntervalMilliseconds).contains(age.partialValue) else { return }
        state.checked = now
        self.reload(&state)
    }

    /// Reads the file where it is another than before; a look at its stamp otherwise.
    private func reload(_ state: inout State) {
        let stamp = Files.facts(self.file.path)
        guard stamp != state.stamp, let keys = try? self.file.read() else { return }
        state.stamp = stamp
        state.ring = KeyRing(keys, mapsAccountIDs: self.mapsAccountIDs)
    }
}
