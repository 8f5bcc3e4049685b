import Server
import Synchronization
import TestSupport
import Testing

@Suite struct LiveConfigurationTests {
    private let folder = ScratchFolder()

    private func live(_ flags: [String: String] = [:]) throws -> LiveConfiguration {
        let path = self.folder.path
        return try LiveConfiguration { () throws(ConfigurationError) in
            try ConfigurationLoader.load(
                flags: flags.merging(["data-dir": path]) { first, _ in first }, environment: [:], file: nil,
                coreCount: 2, currentDirectory: "/")
        }
    }

    @Test func `what can change does, and what needs a restart stays and is named`() throws {
        try self.folder.write("config.yaml", "port: 1\nthrottling: true\ndrain-seconds: 3")
        let live = try self.live()
        try self.folder.write("config.yaml", "port: 2\nthrottling: false")
        var applied: [Configuration] = []
        let outcome = live.reread { applied.append($0) }
        #expect(outcome == .changed(now: ["throttling", "drain-seconds"], atRestart: ["port"]))
        #expect(
            outcome.sentence
                == "configuration read again: throttling, drain-seconds changed; port will change at the next start")
        #expect(applied.map(\.isThrottling) == [false])
        #expect(live.current.port == 1)
        #expect(live.current.drainSeconds == 10)
        // It still waits, and nothing else happens.
        #expect(live.reread { applied.append($0) } == .changed(now: [], atRestart: ["port"]))
        try self.folder.write("config.yaml", "port: 1\nthrottling: no")
        #expect(live.reread { applied.append($0) } == .changed(now: ["throttling"], atRestart: []))
        #expect(live.reread { applied.append($0) } == .unchanged)
        #expect(applied.count == 2)
    }

    @Test(arguments: ["port: x", "nonsense: 1", "throttling: [", "tls-cert: /a"])
    func `a wrong file changes nothing and says why`(text: String) throws {
        try self.folder.write("config.yaml", "throttling: false")
        let live = try self.live()
        try self.folder.write("config.yaml", text)
        let outcome = live.reread { _ in Issue.record("nothing is to be applied") }
        guard case .kept(let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(!reason.isEmpty)
        #expect(live.current.isThrottling == false)
    }

    @Test func `a flag beats a file that is read again`() throws {
        try self.folder.write("config.yaml", "drain-seconds: 3")
        let live = try self.live(["drain-seconds": "5"])
        try self.folder.write("config.yaml", "drain-seconds: 4")
        #expect(live.reread { _ in Issue.record("nothing is to be applied") } == .unchanged)
        #expect(live.current.drainSeconds == 5)
    }

    @Test func `a file is read again once it is another and stays the same for two looks`() throws {
        try self.folder.write("config.yaml", "drain-seconds: 3")
        let live = try self.live()
        #expect(!live.hasChangedOnDisk())
        try self.folder.write("config.yaml", "drain-seconds: 44")
        #expect(!live.hasChangedOnDisk())
        try self.folder.write("config.yaml", "drain-seconds: 444")
        #expect(!live.hasChangedOnDisk())
        #expect(live.hasChangedOnDisk())
        _ = live.reread { _ in }
        #expect(live.current.drainSeconds == 444)
        #expect(!live.hasChangedOnDisk())
        #expect(!live.hasChangedOnDisk())
    }

    @Test func `a file of rules that says something else counts, though it has the same name`() throws {
        let rule = #"{"rules": [{"model": "a", "reply": "b"}]}"#
        try self.folder.write("rules.json", rule)
        try self.folder.write("config.yaml", "bedrock-rules: \(self.folder.path)/rules.json")
        let live = try self.live()
        #expect(live.current.bedrockRules.count == 1)
        try self.folder.write("rules.json", #"{"rules": []}"#)
        #expect(!live.hasChangedOnDisk())
        #expect(live.hasChangedOnDisk())
        #expect(live.reread { _ in } == .changed(now: ["bedrock-rules"], atRestart: []))
        #expect(live.current.bedrockRules.isEmpty)
        try self.folder.write("rules.json", "{")
        guard case .kept = live.reread({ _ in }) else {
            Issue.record("the rules are no JSON")
            return
        }
    }
}
