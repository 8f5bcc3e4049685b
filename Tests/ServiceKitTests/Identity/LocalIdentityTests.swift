import Foundation
import Primitives
import ServiceKit
import ServiceModel
import Signing
import TestSupport
import Testing

/// Keys from a file that others change, and sessions that end with them.
struct LocalIdentityTests {
    private let folder = ScratchFolder()
    private let box: SecretBox
    private let file: AccessKeyFile
    private let now = Timestamp(secondsSinceEpoch: 1_800_000_000)

    init() throws {
        self.box = try #require(SecretBox(key: Array(repeating: 7, count: 32)))
        self.file = AccessKeyFile(path: self.folder.path + "/keys", box: self.box, random: SeededRandomSource(seed: 1))
    }

    private func key(_ id: String, account: String = "111122223333", isActive: Bool = true) throws -> AccessKey {
        AccessKey(
            accessKeyID: id, secretAccessKey: "secret of \(id)".replacing(" ", with: "-"),
            account: try #require(AccountID(account)), isActive: isActive, creation: self.now)
    }

    private func later(_ milliseconds: Int64) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: self.now.millisecondsSinceEpoch + milliseconds)
    }

    private func secret(_ lookup: CredentialLookup) -> String? {
        guard case .found(let credential) = lookup else { return nil }
        return credential.secretAccessKey
    }

    @Test func `keys are written so that only their owner reads them, and secrets only with the seal`() throws {
        try self.file.write([self.key("ONE")])
        let attributes = try FileManager.default.attributesOfItem(atPath: self.file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let text = try String(contentsOfFile: self.file.path, encoding: .utf8)
        #expect(text.contains("ONE"))
        #expect(!text.contains("secret"))
        let stranger = try #require(SecretBox(key: Array(repeating: 8, count: 32)))
        let other = AccessKeyFile(path: self.file.path, box: stranger, random: SeededRandomSource(seed: 1))
        #expect(throws: AccessKeyFileError.unreadable(line: 2, path: self.file.path)) { try other.read() }
        #expect(try self.file.read() == [self.key("ONE")])
    }

    @Test func `a file that is larger than its keys can be is not read`() throws {
        try self.file.write([])
        let bytes = Array(repeating: UInt8(ascii: "\n"), count: AccessKeyFile.bytesMax + 1)
        try Files.replace(self.file.path, with: bytes, mode: 0o600, temporarySuffix: "1")
        let refusal = FileError.tooLarge(path: self.file.path, bytesMax: AccessKeyFile.bytesMax)
        #expect(throws: AccessKeyFileError.file(refusal)) { try self.file.read() }
    }

    @Test func `a key made or deleted by another process is known within half a second`() throws {
        try self.file.write([self.key("ONE")])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        #expect(self.secret(identity.credential(accessKeyID: "ONE", sessionToken: nil, now: self.now)) != nil)
        try self.file.write([self.key("SECOND"), self.key("OFF", isActive: false)])
        let next = self.later(LocalIdentity.reloadIntervalMilliseconds)
        #expect(identity.credential(accessKeyID: "ONE", sessionToken: nil, now: next) == .unknown)
        #expect(identity.credential(accessKeyID: "OFF", sessionToken: nil, now: next) == .inactive)
        #expect(
            self.secret(identity.credential(accessKeyID: "SECOND", sessionToken: nil, now: next)) == "secret-of-SECOND")
    }

    @Test func `a key that another process made is known at once`() throws {
        try self.file.write([self.key("ONE")])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        #expect(self.secret(identity.credential(accessKeyID: "ONE", sessionToken: nil, now: self.now)) != nil)
        let bedrock = AccessKey.generateBedrock(
            account: .standard, userName: nil, isTaken: { _ in false }, expiration: nil,
            random: SeededRandomSource(seed: 1), now: self.now)
        try self.file.write([self.key("ONE"), self.key("SECOND"), bedrock])
        #expect(
            self.secret(identity.credential(accessKeyID: "SECOND", sessionToken: nil, now: self.now))
                == "secret-of-SECOND")
        #expect(self.secret(identity.bearer(name: bedrock.accessKeyID, now: self.now)) == bedrock.secretAccessKey)
        #expect(identity.credential(accessKeyID: bedrock.accessKeyID, sessionToken: nil, now: self.now) == .unknown)
    }

    @Test func `a file that was damaged meanwhile keeps the keys that were read before`() throws {
        try self.file.write([self.key("ONE")])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        try "brume-access-keys 1\nnonsense\n".write(toFile: self.file.path, atomically: true, encoding: .utf8)
        let next = self.later(LocalIdentity.reloadIntervalMilliseconds)
        #expect(self.secret(identity.credential(accessKeyID: "ONE", sessionToken: nil, now: next)) != nil)
    }

    @Test func `a damaged file is read again after the interval, not for every unknown key`() throws {
        try self.file.write([self.key("ONE"), self.key("SECOND")])
        let whole = try Data(contentsOf: URL(filePath: self.file.path))
        try self.file.write([self.key("ONE")])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        /// Writes in place and sets the time of the write, so that the metadata says nothing of the content.
        func write(_ content: Data) throws {
            try content.write(to: URL(filePath: self.file.path))
            let date = Date(timeIntervalSince1970: 1_700_000_000)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: self.file.path)
        }
        try write(Data(repeating: UInt8(ascii: "x"), count: whole.count))
        let next = self.later(LocalIdentity.reloadIntervalMilliseconds)
        #expect(identity.credential(accessKeyID: "SECOND", sessionToken: nil, now: next) == .unknown)
        try write(whole)
        #expect(identity.credential(accessKeyID: "SECOND", sessionToken: nil, now: next) == .unknown)
        let afterwards = self.later(2 * LocalIdentity.reloadIntervalMilliseconds)
        #expect(
            self.secret(identity.credential(accessKeyID: "SECOND", sessionToken: nil, now: afterwards)) != nil)
    }

    @Test func `a session acts as who asked for it, until it expires or its key goes`() throws {
        try self.file.write([self.key("ONE")])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        let principal = try self.key("ONE").principal
        let session = identity.issueSession(for: principal, issued: self.now, expiration: self.later(1000))
        let token = try #require(session.sessionToken)
        func look(_ id: String, _ token: String?, _ now: Timestamp) -> CredentialLookup {
            identity.credential(accessKeyID: id, sessionToken: token, now: now)
        }
        #expect(self.secret(look(session.accessKeyID, token, self.now)) == session.secretAccessKey)
        #expect(look(session.accessKeyID, nil, self.now) == .unknown)
        #expect(look("ONE", token, self.now) == .unknown)
        #expect(look(session.accessKeyID, String(token.dropLast(4)) + "AAAA", self.now) == .unknown)
        #expect(look(session.accessKeyID, token, self.later(1000)) == .expired(at: self.later(1000)))
        try self.file.write([])
        #expect(look(session.accessKeyID, token, self.later(999)) == .inactive)
    }

    @Test func `a key that was made again has no sessions of the former one`() throws {
        let former = try self.key("ONE")
        var otherUser = former
        otherUser.userName = "ana"
        var otherSecret = former
        otherSecret.secretAccessKey = "another"
        var otherAccount = former
        otherAccount.account = .standard
        try self.file.write([former])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        let session = identity.issueSession(for: former.principal, issued: self.now, expiration: self.later(10_000))
        func look(_ now: Timestamp) -> CredentialLookup {
            identity.credential(accessKeyID: session.accessKeyID, sessionToken: session.sessionToken, now: now)
        }
        for (index, other) in [otherUser, otherSecret, otherAccount].enumerated() {
            try self.file.write([other])
            #expect(look(self.later(1000 * (Int64(index) + 1))) == .inactive)
        }
        try self.file.write([former])
        #expect(self.secret(look(self.later(9000))) == session.secretAccessKey)
    }

    @Test func `a session of a key for this machine is for this machine`() throws {
        var local = try self.key("test")
        local.isLoopbackOnly = true
        let other = try self.key("ONE")
        try self.file.write([local, other])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        for key in [local, other] {
            let made = identity.issueSession(for: key.principal, issued: self.now, expiration: self.later(1000))
            guard
                case .found(let session) = identity.credential(
                    accessKeyID: made.accessKeyID, sessionToken: made.sessionToken, now: self.now)
            else {
                Issue.record("the session of \(key.accessKeyID) is not found")
                continue
            }
            #expect(session.isLoopbackOnly == key.isLoopbackOnly)
        }
    }

    @Test func `a session token from before its key was recorded holds until it expires`() throws {
        try self.file.write([self.key("ONE")])
        let identity = try LocalIdentity(file: self.file, box: self.box)
        let fields = [
            "ASIAOLD", "secret", String(self.later(1000).millisecondsSinceEpoch), "root", "111122223333",
            "111122223333", "ONE", "arn:aws:iam::111122223333:root", String(self.now.millisecondsSinceEpoch),
        ]
        let sealed = self.box.seal(Array(fields.joined(separator: "\n").utf8), context: "brume-session-1")
        let token = Base64.encode(sealed)
        func look(_ now: Timestamp) -> CredentialLookup {
            identity.credential(accessKeyID: "ASIAOLD", sessionToken: token, now: now)
        }
        #expect(self.secret(look(self.now)) == "secret")
        #expect(look(self.later(1000)) == .expired(at: self.later(1000)))
    }

    @Test func `a key id of twelve digits is that account's only where LocalStack's habits are asked for`() throws {
        try self.file.write([self.key("test", account: "000000000000")])
        let plain = try LocalIdentity(file: self.file, box: self.box)
        #expect(plain.credential(accessKeyID: "123456789012", sessionToken: nil, now: self.now) == .unknown)
        let mapping = try LocalIdentity(file: self.file, box: self.box, mapsAccountIDs: true)
        guard
            case .found(let credential) = mapping.credential(
                accessKeyID: "123456789012", sessionToken: nil, now: self.now)
        else {
            Issue.record("the account's key is unknown")
            return
        }
        #expect(credential.principal.account.description == "123456789012")
        #expect(credential.secretAccessKey == "secret-of-test")
    }
}
