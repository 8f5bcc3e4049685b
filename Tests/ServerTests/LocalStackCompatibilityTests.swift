import Foundation
import Server
import Testing

@Suite struct LocalStackCompatibilityTests {
    private func object(_ path: String) throws -> [String: Any] {
        let document = try #require(LocalStackCompatibility.documents(["dynamodb", "sts"])[path])
        return try #require(JSONSerialization.jsonObject(with: Data(document().utf8)) as? [String: Any])
    }

    @Test(arguments: ["/_localstack/health", "/health"])
    func `a suite that waits for services sees them running`(_ path: String) throws {
        let health = try self.object(path)
        #expect(health["services"] as? [String: String] == ["dynamodb": "running", "sts": "running"])
        #expect(health["version"] as? String == BuildInformation.version)
    }

    @Test func `a suite that waits for the last stage sees it done`() throws {
        let completed = try #require(try self.object("/_localstack/init")["completed"] as? [String: Bool])
        #expect(completed == ["BOOT": true, "START": true, "READY": true, "SHUTDOWN": false])
    }

    @Test func `nobody is told that this were LocalStack`() throws {
        let info = try self.object("/_localstack/info")
        #expect(info["edition"] as? String == "brume")
        #expect(info["is_license_activated"] as? Bool == false)
    }
}
