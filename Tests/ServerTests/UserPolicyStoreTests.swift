import Foundation
import Server
import ServiceKit
import TestSupport
import Testing

@Suite struct UserPolicyStoreTests {
    private let folder = ScratchFolder()

    private func store() throws -> UserPolicyStore { try UserPolicyStore(self.folder.configuration) }

    private static func text(_ action: String, more: String = "") -> String {
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"\(action)\","
            + "\"Resource\":\"*\"}}\(more)"
    }

    private func argument(_ name: String = "Read", _ text: String = Self.text("shop:Look")) -> PolicyArgument {
        PolicyArgument(name: name, text: text, origin: "policy.json")
    }

    private func put(_ argument: PolicyArgument, user: String = "ana", account: String = "000000000000") throws {
        try self.store().put(argument, account: account, userName: user)
    }

    private func sentence(
        _ reason: StartError.Reason = .configuration, _ work: () throws -> some Any
    ) -> String? {
        let error = #expect(throws: StartError.self) { _ = try work() }
        #expect(error?.reason == reason)
        return error?.sentence
    }

    private func names(_ user: String? = nil) throws -> [String] {
        try self.store().list(userName: user).map { "\($0.account)/\($0.userName)/\($0.name ?? "none")" }
    }

    @Test func `policies are listed by user and name, and one of a name takes the other's place`() throws {
        try self.put(self.argument("Write"))
        try self.put(self.argument("Read"))
        try self.put(self.argument("Read", Self.text("shop:Buy")))
        try self.put(self.argument(), user: "bob", account: "111122223333")
        #expect(
            try self.names() == ["000000000000/ana/Read", "000000000000/ana/Write", "111122223333/bob/Read"])
        #expect(try self.names("bob").count == 1)
        let read = try self.store().policy("Read", account: "000000000000", userName: "ana")
        #expect(read.text == Self.text("shop:Buy"))
    }

    @Test func `a user whose last policy went keeps a place, and may do nothing`() throws {
        try self.put(self.argument())
        try self.store().delete("Read", account: "000000000000", userName: "ana")
        #expect(try self.names() == ["000000000000/ana/none"])
        #expect(
            self.sentence(.noSource) { try self.store().delete("Read", account: "000000000000", userName: "ana") }
                == "there is no policy Read of user ana in account 000000000000; `brume policies list` lists "
                + "the policies")
    }

    @Test func `keys remember that their user has policies, and a new key of a user whose policies are lost as well`()
        throws
    {
        let keys = try KeyStore(self.folder.configuration)
        func create(_ id: String, _ user: String, _ policy: PolicyArgument? = nil) throws {
            _ = try keys.create(
                accessKeyID: id, secretAccessKey: nil, account: "000000000000", userName: user, policy: policy)
        }
        func names() throws -> [String: [String]] {
            let listed = try keys.list()
            return Dictionary(uniqueKeysWithValues: listed.map { ($0.accessKeyID, $0.policyNames ?? ["everything"]) })
        }
        try create("ANA", "ana")
        try create("BOB", "bob")
        try self.put(self.argument())
        try create("CARL", "carl", self.argument())
        #expect(try names() == ["ANA": ["Read"], "BOB": ["everything"], "CARL": ["Read"]])
        #expect(try keys.lossOfPolicies() == nil)
        try FileManager.default.removeItem(atPath: self.folder.path + "/identity/user-policies")
        try create("ANA2", "ana")
        #expect(try names() == ["ANA": [], "BOB": ["everything"], "CARL": [], "ANA2": []])
        #expect(try keys.lossOfPolicies()?.contains("the policies of ana (account 000000000000), carl") == true)
        let finding = Diagnosis.findings(self.folder.configuration).first { $0.subject == "policies" }
        #expect(finding?.isGood == false)
        try self.put(self.argument())
        #expect(try names()["ANA2"] == ["Read"])
        #expect(try keys.lossOfPolicies()?.contains("ana") == false)
    }

    @Test func `white space does not count for the quota, and all policies of a user do`() throws {
        let count = Self.text("").utf8.count
        let half = String(repeating: "a", count: 1024 - count - "shop:".utf8.count)
        let space = String(repeating: " \n", count: 4000)
        try self.put(self.argument("One", Self.text("shop:" + half, more: space)))
        try self.put(self.argument("Two", Self.text("shop:" + half)))
        #expect(try self.store().list().map(\.characterCount) == [1024, 1024])
        let sentence = self.sentence { try self.put(self.argument("Two", Self.text("shop:a" + half))) }
        #expect(sentence?.hasPrefix("Maximum policy size of 2048 bytes exceeded for user ana") == true)
        try self.put(self.argument("Two", Self.text("shop:a" + half)), user: "bob")
    }

    @Test(
        arguments: [
            ("Read", "{\n]", "line 2, column 1: This policy contains invalid Json"),
            ("Read", text("shop:Look:At"), "Actions/Condition can contain only one colon"),
            ("Read", text("sh*p:Look"), "Vendor sh*p is not valid"),
            ("Read", text("Look"), "Actions/Conditions must be prefaced by a vendor"),
            ("Read", text("shop:*").replacing("Allow", with: "Maybe"), "line 1, column 54: Syntax error"),
        ] as [(String, String, String)])
    func `what is wrong is said with the file, and nothing changes`(
        _ name: String, _ text: String, _ start: String
    ) throws {
        let sentence = self.sentence { try self.put(self.argument(name, text)) }
        #expect(sentence?.hasPrefix("policy.json: " + start) == true, "\(sentence ?? "")")
        #expect(try self.names().isEmpty)
    }

    @Test(arguments: ["a b", "", String(repeating: "n", count: 129)])
    func `a name that no policy can have is wrong usage`(_ name: String) throws {
        let sentence = self.sentence(.usage) { try self.put(self.argument(name, Self.text("shop:Look"))) }
        #expect(sentence?.contains("is no name of a policy") == true, "\(sentence ?? "")")
        #expect(try self.names().isEmpty)
    }

    @Test func `a key is made with its user's policy, or not at all`() throws {
        let keys = try KeyStore(self.folder.configuration)
        func create(_ user: String?, _ policy: PolicyArgument) throws -> KeyDescription {
            try keys.create(
                accessKeyID: nil, secretAccessKey: nil, account: "000000000000", userName: user, policy: policy)
        }
        _ = try create("ana", self.argument())
        _ = try keys.createBedrock(account: "000000000000", userName: nil, days: nil, policy: self.argument())
        #expect(try keys.list().map(\.policyNames) == [["Read"], ["Read"]])
        _ = self.sentence { try create("bob", self.argument("Read", "{")) }
        _ = self.sentence(.usage) { try create(nil, self.argument()) }
        #expect(try keys.list().count == 2)
        _ = try keys.create(accessKeyID: nil, secretAccessKey: nil, account: "000000000000", userName: "bob")
        #expect(try keys.list().last?.policyNames == nil)
    }

    @Test func `a policy of a file is called as the file`() throws {
        let file = self.folder.path + "/read-only.json"
        try FileManager.default.createDirectory(atPath: self.folder.path, withIntermediateDirectories: true)
        try Data(Self.text("shop:Look").utf8).write(to: URL(fileURLWithPath: file))
        #expect(try PolicyArgument(path: file).name == "read-only")
        #expect(try PolicyArgument(name: "Other", path: file).name == "Other")
        let absent = self.sentence(.noSource) { try PolicyArgument(path: file + "s") }
        #expect(absent?.hasPrefix("the policy cannot be read") == true)
    }
}
