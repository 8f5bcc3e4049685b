import Foundation
import Policy
import Primitives
import ServiceKit
import ServiceModel
import Signing
import TestSupport
import Testing

/// Inline policies of users: what is one, how they are kept, and whom they reach.
struct UserPolicyTests {
    private let folder = ScratchFolder()
    private let box: SecretBox
    private let keys: AccessKeyFile
    private let file: UserPolicyFile
    private let now = Timestamp(secondsSinceEpoch: 1_800_000_000)
    private let ana = UserReference(account: .standard, name: "ana")

    init() throws {
        self.box = try #require(SecretBox(key: Array(repeating: 7, count: 32)))
        let random = SeededRandomSource(seed: 1)
        self.keys = AccessKeyFile(path: self.folder.path + "/keys", box: self.box, random: random)
        self.file = UserPolicyFile(path: self.folder.path + "/policies", random: random)
    }

    private static func text(_ action: String) -> String {
        #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"\#(action)","Resource":"*"}}"#
    }

    private func policy(_ name: String = "Read", _ action: String = "shop:Look") throws -> InlinePolicy {
        try InlinePolicy(name: name, text: Self.text(action))
    }

    private func key(_ id: String, user: String? = "ana") -> AccessKey {
        AccessKey(accessKeyID: id, secretAccessKey: "secret", account: .standard, userName: user, creation: self.now)
    }

    private func policies(_ lookup: CredentialLookup) -> UserPolicies? {
        guard case .found(let credential) = lookup else { return nil }
        return credential.principal.userPolicies
    }

    // The file

    @Test func `policies are written so that only their owner reads them, and read back`() throws {
        #expect(try self.file.read().isEmpty)
        let none = UserReference(account: .standard, name: "bob")
        let policies = [self.ana: [try self.policy(), try self.policy("Write", "shop:Buy")], none: []]
        try self.file.write(policies)
        #expect(try self.file.read() == policies)
        let attributes = try FileManager.default.attributesOfItem(atPath: self.file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test(
        arguments: [
            ("", 1), ("brume-user-policies 2\n", 1), ("brume-user-policies 1", 1),
            ("brume-user-policies 1\n000000000000\n", 2), ("brume-user-policies 1\n0\tana\n", 2),
            ("brume-user-policies 1\n000000000000\tana\n000000000000\tana\tRead\te30=\n", 3),
            ("brume-user-policies 1\n000000000000\tana\tRead\t???\n", 2),
        ] as [(String, Int)])
    func `a damaged file is told with its line`(_ text: String, _ line: Int) throws {
        try FileManager.default.createDirectory(atPath: self.folder.path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.file.path))
        #expect(throws: UserPolicyFileError.unreadable(line: line, path: self.file.path)) { try self.file.read() }
        try self.keys.write([])
        #expect(throws: IdentityFileError.policies(.unreadable(line: line, path: self.file.path))) {
            _ = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        }
    }

    // Whom they reach

    @Test func `keys, bearer keys and sessions of a user bear its policies, and the root's bear none`() throws {
        let bearer = AccessKey(
            accessKeyID: "ana-at-000000000000", secretAccessKey: "secret", account: .standard, userName: "ana",
            creation: self.now, kind: .bedrock(expiration: nil))
        try self.keys.write([self.key("ANA"), self.key("BOB", user: "bob"), self.key("ROOT", user: nil), bearer])
        try self.file.write([self.ana: [self.policy()]])
        let identity = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        func look(_ id: String, token: String? = nil) -> UserPolicies? {
            self.policies(identity.credential(accessKeyID: id, sessionToken: token, now: self.now))
        }
        #expect(look("ANA")?.documents == [try self.policy().document])
        #expect(self.policies(identity.bearer(name: bearer.accessKeyID, now: self.now)) === look("ANA"))
        #expect(look("BOB") == nil)
        #expect(look("ROOT") == nil)
        let session = identity.issueSession(
            for: self.key("ANA").principal, issued: self.now, expiration: self.now.advanced(byMilliseconds: 1000))
        #expect(look(session.accessKeyID, token: session.sessionToken) === look("ANA"))
        guard case .known(let known) = identity.policies(of: self.key("ANA").principal, now: self.now) else { return }
        #expect(known === look("ANA"))
    }

    @Test func `a change by another process is known within half a second, and none left is not none ever`() throws {
        try self.keys.write([self.key("ANA")])
        let identity = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        func look(_ milliseconds: Int64) -> UserPolicies? {
            let time = self.now.advanced(byMilliseconds: milliseconds)
            return self.policies(identity.credential(accessKeyID: "ANA", sessionToken: nil, now: time))
        }
        #expect(look(0) == nil)
        try self.file.write([self.ana: [self.policy()]])
        #expect(look(LocalIdentity.reloadIntervalMilliseconds)?.documents.count == 1)
        try self.file.write([self.ana: []])
        #expect(look(2 * LocalIdentity.reloadIntervalMilliseconds)?.documents.isEmpty == true)
        // What cannot be read leaves what was known.
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: self.file.path))
        #expect(look(3 * LocalIdentity.reloadIntervalMilliseconds)?.documents.isEmpty == true)
    }

    @Test func `files that were put aside are read again once they are back`() throws {
        try self.keys.write([self.key("ANA")])
        try self.file.write([self.ana: [self.policy()]])
        let identity = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        func look(_ intervals: Int64) -> CredentialLookup {
            let time = self.now.advanced(byMilliseconds: intervals * LocalIdentity.reloadIntervalMilliseconds)
            return identity.credential(accessKeyID: "ANA", sessionToken: nil, now: time)
        }
        #expect(look(0) != .unknown)
        for path in [self.keys.path, self.file.path] {
            try FileManager.default.moveItem(atPath: path, toPath: "\(path).aside")
        }
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: self.file.path))
        #expect(look(1) == .unknown)
        for path in [self.keys.path, self.file.path] {
            try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: "\(path).aside", toPath: path)
        }
        #expect(look(2) != .unknown)
    }

    @Test func `damage of one file does not undo what is done to the other`() throws {
        try self.keys.write([self.key("ANA"), self.key("GONE")])
        try self.file.write([self.ana: [self.policy()]])
        let identity = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        func look(_ id: String, _ intervals: Int64) -> CredentialLookup {
            let time = self.now.advanced(byMilliseconds: intervals * LocalIdentity.reloadIntervalMilliseconds)
            return identity.credential(accessKeyID: id, sessionToken: nil, now: time)
        }
        #expect(look("GONE", 0) != .unknown)
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: self.file.path))
        try self.keys.write([self.key("ANA"), self.key("NEW", user: "bob")])
        #expect(look("GONE", 1) == .unknown)
        #expect(self.policies(look("ANA", 1))?.documents.count == 1)
        // Bob's policies may be among those that cannot be read.
        #expect(look("NEW", 1) == .unknown)
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: self.keys.path))
        try self.file.write([self.ana: []])
        #expect(self.policies(look("ANA", 2))?.documents.isEmpty == true)
        #expect(look("NEW", 2) == .unknown)
        // Ana and her key may have been deleted; nobody is unrestricted by damage.
        try self.file.write([:])
        #expect(self.policies(look("ANA", 3))?.documents.isEmpty == true)
        try self.keys.write([self.key("ANA"), self.key("NEW", user: "bob")])
        #expect(look("NEW", 4) != .unknown)
        #expect(self.policies(look("ANA", 4)) == nil)
    }

    @Test func `a user whose policies are lost may do nothing until they are back, and one without never had any`()
        throws
    {
        var ana = self.key("ANA")
        ana.isRestricted = true
        try self.keys.write([ana, self.key("BOB", user: "bob")])
        #expect(try self.keys.read() == [ana, self.key("BOB", user: "bob")])
        let kept = [self.ana: [try self.policy()]]
        try self.file.write(kept)
        let identity = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        func look(_ id: String, _ intervals: Int64) -> UserPolicies? {
            self.policies(identity.credential(accessKeyID: id, sessionToken: nil, now: time(intervals)))
        }
        func time(_ intervals: Int64) -> Timestamp {
            self.now.advanced(byMilliseconds: intervals * LocalIdentity.reloadIntervalMilliseconds)
        }
        #expect(look("ANA", 0)?.documents.count == 1)
        #expect(identity.trouble(now: time(0)) == nil)
        try FileManager.default.removeItem(atPath: self.file.path)
        #expect(look("ANA", 1)?.documents.isEmpty == true)
        #expect(look("BOB", 1) == nil)
        #expect(identity.trouble(now: time(1)) == self.file.lossSentence([self.ana]))
        // As a node receives them, and as a start finds them, with the file cut to its header.
        let told = identity.current(now: time(1))
        #expect(told.policies == [self.ana: []])
        #expect(!IdentityText.text(told.keys, told.policies, box: self.box).contains("restricted"))
        try self.file.write([:])
        let started = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        #expect(
            self.policies(started.credential(accessKeyID: "ANA", sessionToken: nil, now: time(1)))?.documents.isEmpty
                == true)
        #expect(started.trouble(now: time(1)) != nil)
        try self.file.write(kept)
        #expect(look("ANA", 2)?.documents.count == 1)
        #expect(identity.trouble(now: time(2)) == nil)
    }

    @Test func `keys that are gone are told, and what is damaged is told until it is in order`() throws {
        try self.keys.write([self.key("ANA")])
        try self.file.write([self.ana: [self.policy()]])
        let identity = try LocalIdentity(file: self.keys, policies: self.file, box: self.box)
        func trouble(_ intervals: Int64) -> String? {
            identity.trouble(
                now: self.now.advanced(byMilliseconds: intervals * LocalIdentity.reloadIntervalMilliseconds))
        }
        #expect(trouble(0) == nil)
        try self.keys.write([])
        #expect(trouble(1)?.hasPrefix("\(self.keys.path) is missing or has no keys") == true)
        try self.keys.write([self.key("ANA")])
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: self.file.path))
        #expect(trouble(2) == UserPolicyFileError.unreadable(line: 1, path: self.file.path).sentence)
        try self.file.write([self.ana: [self.policy()]])
        #expect(trouble(3) == nil)
    }

    @Test func `a loss names three users`() {
        let users = ["a", "b", "c", "d", "e"].map { UserReference(account: .standard, name: $0) }
        #expect(
            self.file.lossSentence(Set(users)).contains(
                "the policies of a (account 000000000000), b (account 000000000000), c (account 000000000000) and 2 more:"
            ))
    }

    @Test func `another process takes them with the keys, and believes them as long`() async throws {
        let clock = ManualClock()
        let remote = RemoteIdentity(
            box: self.box, sessions: SessionTokens(boxes: [self.box], random: SeededRandomSource(seed: 3)), clock: clock
        )
        let ana = self.key("ANA").principal
        /// How many policies are known of her; nil where nobody can be asked.
        func known() -> Int? {
            guard case .known(let policies) = remote.policies(of: ana, now: clock.now()) else { return nil }
            return policies?.documents.count ?? 0
        }
        #expect(known() == nil)
        let plain = IdentityText.text([self.key("ANA")], [:], box: self.box)
        // As a process of an older version reads it.
        #expect(!plain.contains(UserPolicyFile.header))
        try await remote.refresh { plain }
        #expect(known() == 0)
        let text = IdentityText.text([self.key("ANA")], [self.ana: [try self.policy()]], box: self.box)
        try await remote.refresh { text }
        #expect(known() == 1)
        let look = remote.credential(accessKeyID: "ANA", sessionToken: nil, now: clock.now())
        #expect(self.policies(look)?.documents.count == 1)
        await #expect(throws: (any Error).self) { try await remote.refresh { text + "damage\n" } }
        clock.advance(milliseconds: RemoteIdentity.staleMilliseconds + 1)
        #expect(known() == nil)
    }

    // What they say

    private func denial(_ policies: UserPolicies, _ access: ResourceAccess, _ by: Principal? = nil) -> String? {
        policies.denial(
            of: [access],
            RequestContext(
                requestID: RequestID("id"), principal: by ?? self.key("ANA").principal, region: .standard,
                time: self.now, sourceAddress: "127.0.0.1", isTLS: false, userAgent: ""))
    }

    @Test func `a resource of every kind is left out of the sentence`() throws {
        let policies = UserPolicies([try self.policy().document])
        #expect(self.denial(policies, ResourceAccess(action: "shop:Look", resource: "*")) == nil)
        #expect(
            self.denial(policies, ResourceAccess(action: "shop:Buy", resource: "*"))
                == "User: arn:aws:iam::000000000000:user/ana is not authorized to perform: shop:Buy because no "
                + "identity-based policy allows the shop:Buy action")
    }

    @Test func `a session is told from a long-term key by when it was made, which its token tells`() throws {
        try self.keys.write([self.key("ANA")])
        let identity = try LocalIdentity(file: self.keys, box: self.box)
        let expiration = self.now.advanced(byMilliseconds: 900_000)
        let made = identity.issueSession(for: self.key("ANA").principal, issued: self.now, expiration: expiration)
        guard
            case .found(let session) = identity.credential(
                accessKeyID: made.accessKeyID, sessionToken: made.sessionToken, now: self.now)
        else {
            Issue.record("the session is not found")
            return
        }
        #expect(session.principal.tokenIssueTime == self.now)
        let text =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"shop:Look","Resource":"*","#
            + #""Condition":{"Null":{"aws:TokenIssueTime":"false"}}}]}"#
        let policies = UserPolicies([try PolicyDocument(text, .identity)])
        let look = ResourceAccess(action: "shop:Look", resource: "*")
        #expect(self.denial(policies, look, session.principal) == nil)
        #expect(self.denial(policies, look) != nil)
    }

    @Test func `a request that a bearer token proves needs that to be allowed too`() throws {
        let look = ResourceAccess(action: "shop:Look", resource: "*")
        let without = UserPolicies([try self.policy().document]).proven(by: .longTerm)
        #expect(self.denial(without, look)?.contains("bedrock:CallWithBearerToken on resource: * because") == true)
        let text =
            #"{"Statement":[{"Effect":"Allow","Action":["shop:Look","bedrock:CallWithBearerToken"],"Resource":"*","#
            + #""Condition":{"StringEqualsIfExists":{"bedrock:bearerTokenType":"SHORT_TERM"}}}]}"#
        let with = UserPolicies([try PolicyDocument(text, .identity)])
        #expect(self.denial(with.proven(by: .shortTerm), look) == nil)
        #expect(self.denial(with.proven(by: .longTerm), look) != nil)
        #expect(self.denial(with, look) == nil)
    }
}
