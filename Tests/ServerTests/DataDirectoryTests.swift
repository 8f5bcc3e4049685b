import Foundation
import Primitives
import Server
import ServiceKit
import Signing
import TestSupport
import Testing

@Suite struct DataDirectoryTests {
    private let folder = ScratchFolder()
    private var directory: DataDirectory { DataDirectory(path: self.folder.path) }

    @Test func `only the owner gets into what is made, and nothing else is left`() throws {
        try self.directory.prepare(random: SeededRandomSource(seed: 1))
        #expect(self.folder.names == ["identity", "logs"])
        for name in ["", "identity", "logs"] { #expect(try self.folder.mode(name) == 0o700, "\(name)") }
        try self.directory.prepare(random: SeededRandomSource(seed: 1))
    }

    @Test func `the key of the seal is made once, for the owner only`() throws {
        let box = try self.directory.secretBox(random: SeededRandomSource(seed: 1))
        #expect(try self.folder.mode("identity/seal.key") == 0o600)
        let again = try self.directory.secretBox(random: SeededRandomSource(seed: 2))
        #expect(again.open(box.seal([1, 2, 3], context: "c"), context: "c") == [1, 2, 3])
    }

    @Test(arguments: ["", "short", String(repeating: "x", count: 33)])
    func `a key of the seal that is none is refused and kept`(_ text: String) throws {
        try self.directory.prepare(random: SeededRandomSource(seed: 1))
        try self.folder.write("identity/seal.key", text)
        #expect(
            throws: FileError.unusable(path: self.directory.sealKey, reason: "it is not 32 bytes long")
        ) { try self.directory.secretBox(random: SeededRandomSource(seed: 1)) }
        #expect(try String(contentsOfFile: self.directory.sealKey, encoding: .utf8) == text)
    }

    @Test func `keys are written for the owner only, their secrets sealed`() throws {
        let key = try KeyStore(self.folder.configuration).create(
            accessKeyID: "ONE", secretAccessKey: "plain-secret", account: "000000000000", userName: nil)
        #expect(try self.folder.mode("identity/access-keys") == 0o600)
        let text = try String(contentsOfFile: self.directory.accessKeys, encoding: .utf8)
        #expect(text.contains(key.accessKeyID))
        #expect(!text.contains("plain-secret"))
    }

    // What the running server says of itself

    @Test func `an address comes back from its text`() {
        var address = ServerAddress(processID: 12, port: 4566, host: "::1", version: "0.1.0", region: "us-east-1")
        #expect(address.text == "12\n4566\n::1\n0.1.0\nus-east-1\nhttp,https\n-\n")
        #expect(ServerAddress(text: address.text) == address)
        (address.answersPlaintext, address.authorityPath) = (false, "/a b\nc/tls/ca.pem")
        #expect(address.text == "12\n4566\n::1\n0.1.0\nus-east-1\nhttps\n/a b\nc/tls/ca.pem\n")
        #expect(ServerAddress(text: address.text) == address)
    }

    @Test(arguments: [
        "", "12\n4566\n::1\n0.1.0\nr\nhttps\n", "12\n4566\n::1\n0.1.0\nr\nftp\n-\n",
        "12\n4566\n::1\n0.1.0\nr\nhttps\n-", "a\n4566\n::1\n0.1.0\nr\nhttps\n-\n",
        "12\nb\n::1\n0\nr\nhttps\n-\n",
    ])
    func `another text is no address`(_ text: String) {
        #expect(ServerAddress(text: text) == nil)
    }
}
