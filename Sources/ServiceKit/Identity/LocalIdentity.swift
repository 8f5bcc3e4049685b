package import Primitives
package import ServiceModel
package import Signing
internal import Synchronization

/// Access keys and policies from files; sessions are sealed tokens and need no storage.
///
/// The command line changes the same files. Their metadata is checked at most every `reloadIntervalMilliseconds`, and
/// additionally when an unknown key is looked up, so that a new key works at once. If a file is damaged, what was read
/// of it before stays in force. Damaged keys do not keep policies from being put, nor damaged policies keys from being
/// deleted. Policies that are missing altogether leave their users without any permission.
package final class LocalIdentity: KeyRingIdentity {
    /// The longest time for which a deleted key may still be accepted.
    package static let reloadIntervalMilliseconds: Int64 = 500

    /// The metadata of both files, to detect changes.
    private struct Stamps: Equatable {
        var keys: FileFacts?
        var policies: FileFacts?
    }

    private struct State {
        var ring: KeyRing
        var policies: UserPolicyFile.Policies
        /// Of the files that everything here is from; nil when one could not be read the last time.
        var stamps: Stamps?
        /// Of the files that could not be read the last time; nil when they could.
        var unreadable: Stamps?
        var checked = Timestamp(millisecondsSinceEpoch: .min)
        /// What is wrong with the files, for the operator; nil when nothing is.
        var trouble: String?
    }

    private let file: AccessKeyFile
    private let policyFile: UserPolicyFile?
    let sessions: SessionTokens
    private let mapsAccountIDs: Bool
    private let state: Mutex<State>

    /// Reads the keys of `file` and the policies of `policyFile`; a missing policy file means that there are no
    /// policies.
    ///
    /// `mapsAccountIDs` is LocalStack's rule: a key id of twelve digits is that account's, with the secret of the
    /// `test` key. `clusterBox` seals sessions when the processes of a cluster share them.
    package init(
        file: AccessKeyFile,
        policies policyFile: UserPolicyFile? = nil,
        box: SecretBox,
        random: any RandomSource = SystemRandomSource(),
        mapsAccountIDs: Bool = false,
        clusterBox: SecretBox? = nil
    ) throws(IdentityFileError) {
        self.file = file
        self.policyFile = policyFile
        self.sessions = SessionTokens(boxes: (clusterBox.map { [$0] } ?? []) + [box], random: random)
        self.mapsAccountIDs = mapsAccountIDs
        let stamps = Self.stamps(file, policyFile)
        let (keys, policies) = try Self.read(file, policyFile)
        let (all, lost) = Self.complete(policies, keys)
        let ring = KeyRing(keys, policies: all, mapsAccountIDs: mapsAccountIDs)
        let trouble = Self.trouble(keys, lost, file, policyFile)
        self.state = Mutex(State(ring: ring, policies: all, stamps: stamps, trouble: trouble))
    }

    /// Adds the users whose policies were lost, with none: they may do nothing.
    private static func complete(
        _ policies: UserPolicyFile.Policies, _ keys: [AccessKey]
    ) -> (policies: UserPolicyFile.Policies, lost: Set<UserReference>) {
        let lost = AccessKey.usersWithLostPolicies(keys, policies)
        var all = policies
        for user in lost { all[user] = [] }
        return (all, lost)
    }

    private static func trouble(
        _ keys: [AccessKey], _ lost: Set<UserReference>, _ file: AccessKeyFile, _ policyFile: UserPolicyFile?
    ) -> String? {
        if keys.isEmpty {
            return
                "\(file.path) is missing or has no keys, so no key is accepted: restore it from a backup, or restart "
                + "to have a new root key made"
        }
        guard !lost.isEmpty, let policyFile else { return nil }
        return policyFile.lossSentence(lost)
    }

    private static func stamps(_ file: AccessKeyFile, _ policyFile: UserPolicyFile?) -> Stamps {
        Stamps(keys: Files.facts(file.path), policies: policyFile.flatMap { Files.facts($0.path) })
    }

    /// Policies are read after the keys: who creates a key with a policy writes the policy first, so a key that is seen
    /// here has its policy.
    private static func read(
        _ file: AccessKeyFile, _ policyFile: UserPolicyFile?
    ) throws(IdentityFileError) -> ([AccessKey], UserPolicyFile.Policies) {
        let keys: [AccessKey]
        do throws(AccessKeyFileError) {
            keys = try file.read()
        } catch {
            throw .keys(error)
        }
        do throws(UserPolicyFileError) {
            return (keys, try policyFile?.read() ?? [:])
        } catch {
            throw .policies(error)
        }
    }

    /// Every key, sorted by id.
    package var keys: [AccessKey] {
        self.state.withLock { $0.ring.keys.values.sorted { $0.accessKeyID < $1.accessKeyID } }
    }

    /// Every key and policy as of now, for a process that has none of its own.
    package func current(now: Timestamp) -> (keys: [AccessKey], policies: UserPolicyFile.Policies) {
        self.state.withLock { state in
            self.reloadIfDue(&state, now)
            return (Array(state.ring.keys.values), state.policies)
        }
    }

    package func policies(of principal: Principal, now: Timestamp) -> PolicyLookup {
        self.state.withLock { state in
            self.reloadIfDue(&state, now)
            return .known(state.ring.policies(of: principal))
        }
    }

    /// A sentence for the operator on what is wrong with the files; nil when nothing is.
    package func trouble(now: Timestamp) -> String? {
        self.state.withLock { state in
            self.reloadIfDue(&state, now)
            return state.trouble
        }
    }

    func lookUp(_ now: Timestamp, _ answer: (KeyRing) -> CredentialLookup) -> CredentialLookup {
        self.state.withLock { state in
            self.reloadIfDue(&state, now)
            let found = answer(state.ring)
            guard found == .unknown else { return found }
            // Damaged files are tried again at the next interval: reading them for each unknown key would let anybody
            // keep the event loop busy.
            let unreadable = state.unreadable
            self.reload(&state, unless: unreadable)
            return answer(state.ring)
        }
    }

    var ring: KeyRing { self.state.withLock { $0.ring } }

    private func reloadIfDue(_ state: inout State, _ now: Timestamp) {
        let age = now.millisecondsSinceEpoch.subtractingReportingOverflow(state.checked.millisecondsSinceEpoch)
        guard age.overflow || !(0..<Self.reloadIntervalMilliseconds).contains(age.partialValue) else { return }
        state.checked = now
        self.reload(&state)
    }

    /// Reads the files if their metadata has changed, and is not that of `failed`, which could not be read.
    private func reload(_ state: inout State, unless failed: Stamps? = nil) {
        let stamps = Self.stamps(self.file, self.policyFile)
        guard stamps != state.stamps, stamps != failed else { return }
        let read = Result { () throws(IdentityFileError) in try Self.read(self.file, self.policyFile) }
        (state.stamps, state.unreadable) = (nil, stamps)
        switch read {
        case .success(let (keys, policies)):
            (state.stamps, state.unreadable) = (stamps, nil)
            self.install(keys, policies, &state)
        // What was read before of the damaged file stays in force; every command on it names the damage.
        case .failure(.keys(let error)):
            defer { state.trouble = error.sentence }
            guard let policies = try? self.policyFile?.read() else { return }
            // A user without an entry is unrestricted, but its keys may have been deleted with its entry.
            let all = state.policies.merging(policies) { $1 }
            self.install(Array(state.ring.keys.values), all, &state)
        case .failure(.policies(let error)):
            defer { state.trouble = error.sentence }
            // A key that is new or changed might be a user's whose policies cannot be read.
            guard let keys = try? self.file.read() else { return }
            self.install(keys.filter { state.ring.keys[$0.accessKeyID] == $0 }, state.policies, &state)
        }
    }

    private func install(_ keys: [AccessKey], _ policies: UserPolicyFile.Policies, _ state: inout State) {
        let (all, lost) = Self.complete(policies, keys)
        state.policies = all
        state.ring = KeyRing(keys, policies: all, mapsAccountIDs: self.mapsAccountIDs)
        state.trouble = Self.trouble(keys, lost, self.file, self.policyFile)
    }
}

/// Why keys or policies could not be read.
package enum IdentityFileError: Error, Sendable, Equatable {
    case keys(AccessKeyFileError)
    case policies(UserPolicyFileError)
}
