package import Primitives
package import ServiceModel
package import Signing
internal import Synchronization

/// Access keys and policies of another process of the cluster, fetched periodically.
///
/// Lookups answer from memory. What is older than `staleMilliseconds` is no longer trusted: a key that was deleted at
/// the gateway stops working here within that time, even if the gateway cannot be reached.
package final class RemoteIdentity: KeyRingIdentity {
    /// The pause between two fetches.
    package static let refreshMilliseconds = 2000
    /// The age up to which what was fetched is trusted, counted from the moment of the request.
    package static let staleMilliseconds: Int64 = 5000

    /// Fetches every key and policy as an `IdentityText` whose origin, the gateway, is already verified.
    package typealias Fetch = @Sendable () async throws -> String

    private struct State {
        var ring: KeyRing
        var text = ""
        /// When the last successful fetch was started.
        var asked: Timestamp?
    }

    private let box: SecretBox
    let sessions: SessionTokens
    private let clock: any WallClock
    private let mapsAccountIDs: Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///   - box: seals the secrets in what is fetched.
    ///   - sessions: shared by the cluster.
    ///   - clock: tells how old an answer is.
    ///   - mapsAccountIDs: as in `LocalIdentity`.
    package init(box: SecretBox, sessions: SessionTokens, clock: any WallClock, mapsAccountIDs: Bool = false) {
        self.box = box
        self.sessions = sessions
        self.clock = clock
        self.mapsAccountIDs = mapsAccountIDs
        self.state = Mutex(State(ring: KeyRing([], mapsAccountIDs: mapsAccountIDs)))
    }

    /// Fetches once.
    /// - Throws: what `fetch` throws, and `IdentityFileError` when the text cannot be parsed; what was fetched before
    ///   stays.
    package func refresh(_ fetch: Fetch) async throws {
        let asked = self.clock.now()
        let text = try await fetch()
        let isSame = self.state.withLock { state in
            guard state.asked != nil, state.text == text else { return false }
            state.asked = asked
            return true
        }
        guard !isSame else { return }
        let (keys, policies) = try IdentityText.read(text, box: self.box)
        let ring = KeyRing(keys, policies: policies, mapsAccountIDs: self.mapsAccountIDs)
        self.state.withLock { $0 = State(ring: ring, text: text, asked: asked) }
    }

    /// Whether the last successful fetch is recent enough to be trusted.
    package func isFresh(now: Timestamp) -> Bool {
        self.state.withLock { Self.isFresh($0, now) }
    }

    private static func isFresh(_ state: State, _ now: Timestamp) -> Bool {
        guard let asked = state.asked else { return false }
        let age = now.millisecondsSinceEpoch - asked.millisecondsSinceEpoch
        return (0...self.staleMilliseconds).contains(age)
    }

    func lookUp(_ now: Timestamp, _ answer: (KeyRing) -> CredentialLookup) -> CredentialLookup {
        self.state.withLock { state in
            Self.isFresh(state, now) ? answer(state.ring) : .unavailable
        }
    }

    package func policies(of principal: Principal, now: Timestamp) -> PolicyLookup {
        self.state.withLock { state in
            Self.isFresh(state, now) ? .known(state.ring.policies(of: principal)) : .unavailable
        }
    }

    var ring: KeyRing { self.state.withLock { $0.ring } }
}
