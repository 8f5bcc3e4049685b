import Foundation
import Server
import TestSupport
import Testing

@Suite struct DiagnosisTests {
    private let folder = ScratchFolder()

    private func finding(_ subject: String) -> Finding? {
        Diagnosis.findings(self.folder.configuration).first { $0.subject == subject }
    }

    @Test func `what is only looked at is not made`() throws {
        let finding = try #require(self.finding("data directory"))
        #expect(finding.isGood)
        #expect(finding.detail == "\(self.folder.path) does not exist yet; the first start creates it")
        #expect(!FileManager.default.fileExists(atPath: self.folder.path))
    }

    @Test func `a directory that is there is written to, and left as it was`() throws {
        try self.folder.write("mine", "")
        #expect(self.finding("data directory")?.detail == "\(self.folder.path) is writable")
        #expect(self.folder.names == ["mine"])
    }

    @Test func `a data directory that is a file is a fault`() throws {
        try self.folder.write("mine", "")
        var configuration = self.folder.configuration
        configuration.dataDirectory += "/mine"
        let finding = Diagnosis.findings(configuration).first { $0.subject == "data directory" }
        #expect(finding?.isGood == false)
    }

    @Test func `a disk with too little room for writes is a fault, if the store is on it`() throws {
        try self.folder.write("mine", "")
        func finding(_ configuration: Configuration, freeMebibytes: UInt64?) -> Finding? {
            Diagnosis.findings(configuration, freeBytes: { _ in freeMebibytes.map { $0 << 20 } })
                .first { $0.subject == "data directory" }
        }
        var configuration = self.folder.configuration
        let short = finding(configuration, freeMebibytes: 255)
        #expect(
            short?.detail
                == "the disk of \(self.folder.path) has 255 MiB free; the store takes no writes below 256 MiB")
        #expect(short?.isGood == false)
        #expect(short?.remedy == "make room: writes are taken again from 320 MiB on")
        #expect(finding(configuration, freeMebibytes: 256)?.isGood == true)
        #expect(finding(configuration, freeMebibytes: nil)?.isGood == true)
        configuration.store = "postgres://db/brume"
        #expect(finding(configuration, freeMebibytes: 0)?.isGood == true)
    }

    @Test func `a node whose keys are another process's lacks none`() throws {
        #expect(self.finding("access keys")?.isGood == false)
        var configuration = self.folder.configuration
        configuration.cluster.identityURL = "http://gateway:4567"
        let finding = Diagnosis.findings(configuration).first { $0.subject == "access keys" }
        #expect(finding?.isGood == true)
        #expect(finding?.detail == "taken from another process (identity-url)")
        let refused = #expect(throws: StartError.self) {
            try ClientEnvironment.variables(configuration, accessKeyID: nil, usesPlaintext: false)
        }
        #expect(refused?.sentence.hasPrefix("the access keys are taken from another process") == true)
    }

    @Test func `an engine that is not there is told as that`() async {
        var configuration = self.folder.configuration
        configuration.engine = "\(self.folder.path)/llama-server"
        let findings = await Diagnosis.engine(configuration)
        #expect(findings.map(\.isGood) == [false])
        #expect(
            findings.first?.detail.hasPrefix(
                "The engine \(self.folder.path)/llama-server, named by the setting engine, is not there") == true)
    }

    @Test func `a mistake in the configuration is a finding, and what no setting decides is told beside it`() throws {
        try self.folder.write("mine", "")
        let error = ConfigurationError("store postgres://me:secret@db/x is wrong")
        let findings = Diagnosis.findings(error, dataDirectory: self.folder.path)
        #expect(findings.map(\.subject) == ["configuration", "data directory", "aws command"])
        #expect(findings.map(\.isNeeded) == [true, true, false])
        #expect(findings[0].isGood == false)
        #expect(findings[0].detail.contains("secret") == false)
        #expect(findings[1].detail == "\(self.folder.path) is writable")
        #expect(
            Diagnosis.findings(error, dataDirectory: nil).map(\.subject) == ["configuration", "aws command"])
    }

    @Test func `a data directory that may not be entered is one finding`() {
        let error = ConfigurationError("the data directory cannot be used", reason: .dataDirectory)
        let findings = Diagnosis.findings(error, dataDirectory: self.folder.path)
        #expect(findings.map(\.subject) == ["data directory", "aws command"])
        #expect(findings.first?.isGood == false)
    }

    @Test func `the AWS CLI is not needed`() {
        #expect(self.finding("aws command")?.isNeeded == false)
        #expect(self.finding("server")?.isNeeded == true)
    }
}
