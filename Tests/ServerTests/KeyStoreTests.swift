import Foundation
import Primitives
import Server
import ServiceKit
import TestSupport
import Testing

@Suite struct KeyStoreTests {
    private let folder = ScratchFolder()

    private func store() throws -> KeyStore { try KeyStore(self.folder.configuration) }

    private func create(
        _ id: String? = nil, secret: String? = nil, account: String = "000000000000", user: String? = nil
    ) throws -> KeyDescription {
        try self.store().create(accessKeyID: id, secretAccessKey: secret, account: account, userName: user)
    }

    private func sentence(
        _ reason: StartError.Reason = .usage, _ work: () throws -> some Any
    ) -> String? {
        let error = #expect(throws: StartError.self) { _ = try work() }
        #expect(error?.reason == reason)
        return error?.sentence
    }

    @Test func `a key that is made up has AWS's shape`() throws {
        let key = try self.create()
        let id = try #require(LinearPattern("AKIA[A-Z2-7]{16}"))
        #expect(id.matchesWhole(key.accessKeyID))
        #expect(key.secretAccessKey.utf8.count == 40)
        #expect(key.isActive && key.userName == nil)
        #expect(try self.create().accessKeyID != key.accessKeyID)
    }

    @Test func `another process sees what was made, in order, and what was deleted no more`() throws {
        let keys = [
            try self.create("ONE", secret: "s!"),
            try self.create("SECOND", account: "111122223333", user: "ana@example.com"),
        ]
        #expect(try self.store().list() == keys)
        try self.store().delete("ONE")
        #expect(try self.store().list() == [keys[1]])
    }

    @Test(arguments: ["ana", "a.b-c_d+e=f,g@h", "--", String(repeating: "u", count: 64)])
    func `a user keeps a name of IAM's kind`(_ name: String) throws {
        #expect(try self.create("ONE", user: name).userName == name)
        #expect(try self.store().list().first?.userName == name)
    }

    @Test(arguments: ["-", "", "a b", "a\tb", "a\nb", "é", "a/b", "a:b", String(repeating: "u", count: 65)])
    func `another name is refused: it would make another key, or another ARN, of it`(_ name: String) throws {
        #expect(
            self.sentence { try self.create("ONE", user: name) }
                == "a user name is 1 to 64 letters, digits and characters of +=,.@-_, and not a hyphen alone")
        #expect(try self.store().list().isEmpty)
    }

    @Test(arguments: ["", "a b", "-a", "a.b", "é", "a\n", String(repeating: "k", count: 129)])
    func `an id is letters, digits, underscores and hyphens`(_ id: String) {
        #expect(
            self.sentence { try self.create(id) }
                == "an access key id is 1 to 128 letters, digits, underscores and hyphens, with no hyphen first")
    }

    @Test(arguments: ["a-b", "fake-access-key-", "_", String(repeating: "k", count: 128)])
    func `an id that a suite made up is kept`(_ id: String) throws {
        #expect(try self.create(id).accessKeyID == id)
        #expect(try self.store().list().map(\.accessKeyID) == [id])
    }

    @Test(arguments: ["", "a b", "é", "a\u{7F}", String(repeating: "s", count: 129)])
    func `a secret is visible ASCII`(_ secret: String) {
        #expect(
            self.sentence { try self.create("ONE", secret: secret) }
                == "a secret access key is 1 to 128 visible ASCII characters")
    }

    @Test(arguments: ["", "1", "00000000000a", "0000000000000"])
    func `an account is twelve digits`(_ account: String) {
        #expect(
            self.sentence { try self.create(account: account) } == "an account is twelve digits, not \"\(account)\"")
    }

    @Test func `names of users are not distinguished by case, within an account`() throws {
        let policy = PolicyArgument(
            name: "Read",
            text: #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"shop:Look","Resource":"*"}}"#,
            origin: "policy.json")
        let policies = try UserPolicyStore(self.folder.configuration)
        _ = try self.create("ONE", user: "Ana")
        _ = try policies.put(policy, account: "000000000000", userName: "Bob")
        let refusals = [
            self.sentence { try self.create("SECOND", user: "ana") },
            self.sentence { try policies.put(policy, account: "000000000000", userName: "ANA") },
            self.sentence { try self.create("SECOND", user: "bob") },
            self.sentence {
                try self.store().createBedrock(account: "000000000000", userName: "bob", days: nil, policy: policy)
            },
        ]
        let sentences: [String?] = ["Ana", "Ana", "Bob", "Bob"].map {
            "there is a user \($0) already, and names of users are not distinguished by case"
        }
        #expect(refusals == sentences)
        #expect(try self.store().list().map(\.accessKeyID) == ["ONE"])
        _ = try self.create("SECOND", user: "Ana")
        _ = try self.create("THIRD", account: "111122223333", user: "ana")
        #expect(try policies.hasKey(account: "111122223333", userName: "ana"))
        #expect(try !policies.hasKey(account: "000000000000", userName: "Bob"))
    }

    @Test func `an id is given once, and one that is not there cannot be deleted`() throws {
        _ = try self.create("ONE", secret: "first")
        #expect(
            self.sentence { try self.create("ONE", secret: "second") }
                == "the access key ONE exists already; delete it first with `brume keys delete ONE`")
        #expect(try self.store().list().map(\.secretAccessKey) == ["first"])
        #expect(
            self.sentence(.noSource) { try self.store().delete("TWO") }
                == "there is no access key TWO; `brume keys list` lists the keys")
    }

    @Test func `the first start makes a root key and says so once`() throws {
        let made = try #require(try self.store().ensureKeys(root: nil, addsTestKeys: false))
        #expect(made.userName == nil)
        #expect(made.account == "000000000000")
        #expect(try self.store().list() == [made])
        #expect(try self.store().ensureKeys(root: nil, addsTestKeys: false) == nil)
        #expect(try self.store().list() == [made])
    }

    @Test func `a user's key is no root key`() throws {
        _ = try self.create("ONE", user: "ana")
        let made = try #require(try self.store().ensureKeys(root: nil, addsTestKeys: false))
        #expect(try self.store().list().map(\.accessKeyID) == [made.accessKeyID, "ONE"])
    }

    @Test func `a root key that the environment names is taken, in place of one of that id`() throws {
        _ = try self.create("MINE", secret: "old", user: "ana")
        let root = (accessKeyID: "MINE", secretAccessKey: "new")
        #expect(try self.store().ensureKeys(root: root, addsTestKeys: false) == nil)
        let keys = try self.store().list()
        #expect(keys.map(\.secretAccessKey) == ["new"])
        #expect(keys.first?.userName == nil)
    }

    @Test func `LocalStack's keys are there only while its habits are asked for`() throws {
        let root = try #require(try self.store().ensureKeys(root: nil, addsTestKeys: true))
        let keys = try self.store().list()
        #expect(keys.map(\.accessKeyID) == [root.accessKeyID, "test", "accesskey"])
        #expect(keys.dropFirst().map(\.secretAccessKey) == ["test", "secretkey"])
        _ = try self.store().ensureKeys(root: nil, addsTestKeys: false)
        #expect(try self.store().list().map(\.accessKeyID) == [root.accessKeyID])
    }

    @Test(arguments: [false, true])
    func `a start that finds its keys writes nothing`(_ addsTestKeys: Bool) throws {
        let root = (accessKeyID: "MINE", secretAccessKey: "mine")
        func start() throws -> String {
            _ = try self.store().ensureKeys(root: root, addsTestKeys: addsTestKeys)
            return try String(contentsOfFile: self.folder.path + "/identity/access-keys", encoding: .utf8)
        }
        // Each writing seals the secrets anew.
        #expect(try start() == start())
    }

    @Test func `keys that are gone where a server has run are told`() throws {
        #expect(try KeyStore.lossOfKeys(self.folder.configuration) == nil)
        _ = try self.create("ONE")
        try FileManager.default.createDirectory(
            atPath: self.folder.path + "/logs", withIntermediateDirectories: true)
        try self.folder.write("logs/access.log", "")
        #expect(try KeyStore.lossOfKeys(self.folder.configuration) == nil)
        try FileManager.default.removeItem(atPath: self.folder.path + "/identity/access-keys")
        #expect(
            try KeyStore.lossOfKeys(self.folder.configuration)?.contains("although a server has run here") == true)
        let finding = Diagnosis.findings(self.folder.configuration).first { $0.subject == "access keys" }
        #expect(finding?.detail.contains("although a server has run here") == true)
    }

    @Test func `a key of one's own that is called test is not LocalStack's`() throws {
        _ = try self.create("test", secret: "mine", user: "ana")
        _ = try self.store().ensureKeys(root: nil, addsTestKeys: true)
        _ = try self.store().ensureKeys(root: nil, addsTestKeys: false)
        #expect(try self.store().list().contains { $0.secretAccessKey == "mine" })
    }

    @Test func `keys that two make at once are both kept`() async throws {
        let configuration = self.folder.configuration
        _ = try self.store()
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    _ = try KeyStore(configuration).create(
                        accessKeyID: "K\(index)", secretAccessKey: nil, account: "000000000000", userName: nil)
                }
            }
            try await group.waitForAll()
        }
        #expect(try Set(self.store().list().map(\.accessKeyID)) == Set((0..<8).map { "K\($0)" }))
    }

    @Test func `a file that is damaged is said to be, and not written over`() throws {
        _ = try self.create("ONE")
        try self.folder.write("identity/access-keys", "brume-access-keys 1\nnonsense\n")
        let error = #expect(throws: StartError.self) { try self.create("TWO") }
        #expect(error?.reason == .storeDamaged)
        let text = try String(contentsOfFile: self.folder.path + "/identity/access-keys", encoding: .utf8)
        #expect(text == "brume-access-keys 1\nnonsense\n")
    }

    @Test func `a data directory that cannot be is told with the remedy`() throws {
        try self.folder.write("file", "")
        var configuration = Configuration()
        configuration.dataDirectory = self.folder.path + "/file/below"
        let error = #expect(throws: StartError.self) { try KeyStore(configuration) }
        #expect(error?.reason == .dataDirectory)
        #expect(error?.sentence.hasSuffix("Name another with --data-dir.") == true)
    }
}
