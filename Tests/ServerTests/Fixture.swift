import Foundation
import Server

/// A folder of a test's own, removed with it.
final class ScratchFolder {
    let path: String

    init() {
        self.path = FileManager.default.temporaryDirectory.appending(path: "brume-\(UUID().uuidString)").path()
    }

    deinit {
        // A test that never wrote has no folder.
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// The settings of a server that keeps everything here.
    var configuration: Configuration {
        var configuration = Configuration()
        configuration.dataDirectory = self.path
        return configuration
    }

    func write(_ name: String, _ text: String) throws {
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        try text.write(toFile: "\(self.path)/\(name)", atomically: true, encoding: .utf8)
    }

    /// Permission bits of a path under the folder; the folder's own for an empty name.
    func mode(_ name: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(self.path)/\(name)")
        return attributes[.posixPermissions] as? Int
    }

    var names: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: self.path).sorted()) ?? []
    }
}
