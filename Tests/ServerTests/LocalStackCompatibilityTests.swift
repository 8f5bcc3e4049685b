import Foundation
import Server
import ServiceModel
import Testing

@Suite struct LocalStackCompatibilityTests {
    private func service(_ id: String, _ operations: [String] = ["Do"]) -> ServiceSchema {
        let note = SchemaText("service id=\(id)\nnames\nshape Note structure input").shape("Note")
        return ServiceSchema(
            id: id, signingName: id, endpointPrefix: id, targetPrefix: nil, apiVersion: "", protocols: [],
            operations: operations.map { OperationSchema(name: $0, input: note, output: note) },
            operationNames: ["Do"])
    }

    private func object(_ path: String) throws -> [String: Any] {
        let services = [self.service("dynamodb"), self.service("dynamodbstreams", []), self.service("sts")]
        let document = try #require(LocalStackCompatibility.documents(services)[path])
        return try #require(JSONSerialization.jsonObject(with: Data(document().utf8)) as? [String: Any])
    }

    @Test(arguments: ["/_localstack/health", "/health"])
    func `a suite that waits for services sees those running that have operations`(_ path: String) throws {
        let health = try self.object(path)
        #expect(health["services"] as? [String: String] == ["dynamodb": "running", "sts": "running"])
        #expect(health["version"] as? String == BuildInformation.version)
    }

    @Test func `a suite that waits for the last stage sees it done`() throws {
        let completed = try #require(try self.object("/_localstack/init")["completed"] as? [String: Bool])
        #expect(completed == ["BOOT": true, "START": true, "READY": true, "SHUTDOWN": false])
    }

    @Test(arguments: [("boot", true), ("start", true), ("ready", true), ("READY", true), ("shutdown", false)])
    func `a health check that asks for one stage is answered`(_ stage: String, _ isCompleted: Bool) throws {
        let answer = try self.object("/_localstack/init/\(stage)")
        #expect(answer["completed"] as? Bool == isCompleted)
        #expect((answer["scripts"] as? [Any])?.isEmpty == true)
        let text = LocalStackCompatibility.documents([])["/_localstack/init/\(stage)"]?()
        #expect(text?.contains("\"completed\": \(isCompleted)") == true)
    }

    @Test func `there are no plugins`() throws {
        #expect(try self.object("/_localstack/plugins").isEmpty)
    }

    @Test func `nobody is told that this were LocalStack`() throws {
        let info = try self.object("/_localstack/info")
        #expect(info["edition"] as? String == "brume")
        #expect(info["is_license_activated"] as? Bool == false)
    }
}
