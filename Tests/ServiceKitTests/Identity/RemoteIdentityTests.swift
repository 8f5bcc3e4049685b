import Primitives
import ServiceKit
import ServiceModel
import Signing
import Testing

@Suite struct RemoteIdentityTests {
    private let box: SecretBox
    private let clock = ManualClock()
    private let identity: RemoteIdentity
    private let key: AccessKey

    private struct Silent: Error {}

    init() throws {
        self.box = try #require(SecretBox(key: [UInt8](repeating: 7, count: SecretBox.keyBytes)))
        let random = SeededRandomSource(seed: 3)
        self.key = AccessKey.generate(account: .standard, random: random, now: ManualClock().now())
        self.identity = RemoteIdentity(
            box: self.box, sessions: SessionTokens(boxes: [self.box], random: random), clock: self.clock)
    }

    private func look(_ id: String, token: String? = nil) -> CredentialLookup {
        self.identity.credential(accessKeyID: id, sessionToken: token, now: self.clock.now())
    }

    @Test func `keys are those that were fetched, for five seconds`() async throws {
        #expect(self.look(self.key.accessKeyID) == .unavailable)
        let text = AccessKeyFile.text([self.key], box: self.box)
        try await self.identity.refresh { text }
        guard case .found(let credential) = self.look(self.key.accessKeyID) else {
            Issue.record("the key is not found")
            return
        }
        #expect(credential.secretAccessKey == self.key.secretAccessKey)
        #expect(self.look("AKIAOTHER") == .unknown)
        self.clock.advance(milliseconds: RemoteIdentity.staleMilliseconds)
        #expect(self.look("AKIAOTHER") == .unknown)
        self.clock.advance(milliseconds: 1)
        #expect(self.look(self.key.accessKeyID) == .unavailable)
        try await self.identity.refresh { text }
        #expect(self.look("AKIAOTHER") == .unknown)
    }

    @Test func `a deleted key is gone with the next answer, and its sessions with it`() async throws {
        let text = AccessKeyFile.text([self.key], box: self.box)
        try await self.identity.refresh { text }
        let session = self.identity.issueSession(
            for: self.key.principal, issued: self.clock.now(),
            expiration: self.clock.now().advanced(byMilliseconds: 3_600_000))
        guard case .found = self.look(session.accessKeyID, token: session.sessionToken) else {
            Issue.record("the session is not found")
            return
        }
        let none = AccessKeyFile.text([], box: self.box)
        try await self.identity.refresh { none }
        #expect(self.look(self.key.accessKeyID) == .unknown)
        #expect(self.look(session.accessKeyID, token: session.sessionToken) == .inactive)
    }

    @Test func `a session of a key that is newer than the last answer holds once the key is known`() async throws {
        let none = AccessKeyFile.text([], box: self.box)
        try await self.identity.refresh { none }
        let session = self.identity.issueSession(
            for: self.key.principal, issued: self.clock.now(),
            expiration: self.clock.now().advanced(byMilliseconds: 3_600_000))
        let text = AccessKeyFile.text([self.key], box: self.box)
        try await self.identity.refresh { text }
        guard case .found = self.look(session.accessKeyID, token: session.sessionToken) else {
            Issue.record("the session is not found")
            return
        }
    }

    @Test func `an answer that cannot be read keeps what was known until it is too old`() async throws {
        let text = AccessKeyFile.text([self.key], box: self.box)
        try await self.identity.refresh { text }
        await #expect(throws: (any Error).self) { try await self.identity.refresh { "nonsense" } }
        await #expect(throws: Silent.self) { try await self.identity.refresh { throw Silent() } }
        #expect(self.look("AKIAOTHER") == .unknown)
        self.clock.advance(milliseconds: RemoteIdentity.staleMilliseconds + 1)
        #expect(self.look("AKIAOTHER") == .unavailable)
    }
}
