import Foundation
import Server
import TestSupport

extension ScratchFolder {
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
}
