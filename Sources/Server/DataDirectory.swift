package import Primitives
package import ServiceKit
package import Signing

/// The places under the data directory, and the secrets that the first start makes there.
package struct DataDirectory: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var store: String { "\(self.path)/store" }
    package var tls: String { "\(self.path)/tls" }
    package var logs: String { "\(self.path)/logs" }
    package var objects: String { "\(self.path)/objects" }
    package var accessKeys: String { "\(self.path)/identity/access-keys" }
    package var sealKey: String { "\(self.path)/identity/seal.key" }
    /// Where the running server says how it is reached.
    package var serverFile: String { "\(self.path)/server" }

    /// Makes the directory and checks that it can be written.
    package func prepare(random: any RandomSource) throws(FileError) {
        for directory in [self.path, "\(self.path)/identity", self.logs] {
            try Files.createDirectory(directory)
        }
        let probe = "\(self.path)/writable"
        try Files.replace(probe, with: [], mode: 0o600, temporarySuffix: Hex.encode(random.bytes(8)))
        try Files.remove(probe)
    }

    /// The key that seals secrets here; made at the first start, mode 0600.
    package func secretBox(random: any RandomSource) throws(FileError) -> SecretBox {
        var bytes: [UInt8]
        do {
            bytes = try Files.read(self.sealKey)
        } catch .absent {
            bytes = random.bytes(SecretBox.keyBytes)
            try Files.createDirectories(above: self.sealKey)
            try Files.replace(self.sealKey, with: bytes, mode: 0o600, temporarySuffix: Hex.encode(random.bytes(8)))
        } catch {
            throw error
        }
        guard let box = SecretBox(key: bytes) else {
            throw .unusable(path: self.sealKey, reason: "it is not \(SecretBox.keyBytes) bytes long")
        }
        return box
    }

    package func accessKeyFile(random: any RandomSource) throws(FileError) -> AccessKeyFile {
        AccessKeyFile(path: self.accessKeys, box: try self.secretBox(random: random), random: random)
    }
}

/// What a running server tells the other commands about itself.
package struct ServerAddress: Sendable, Hashable {
    package var processID: Int32
    package var port: Int
    package var host: String
    package var version: String

    package init(processID: Int32, port: Int, host: String, version: String) {
        self.processID = processID
        self.port = port
        self.host = host
        self.version = version
    }

    package var text: String {
        "\(self.processID)\n\(self.port)\n\(self.host)\n\(self.version)\n"
    }

    /// - Returns: nil when the text is not one of ours.
    package init?(text: String) {
        let lines = text.split(separator: "\n").map(String.init)
        guard lines.count == 4, let processID = Int32(lines[0]), let port = Int(lines[1]) else { return nil }
        self.init(processID: processID, port: port, host: lines[2], version: lines[3])
    }
}
