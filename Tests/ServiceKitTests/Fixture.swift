import Foundation
import Primitives
import Signing

/// A folder of a test's own, removed with it.
final class ScratchFolder {
    let path: String

    init() {
        let folder = FileManager.default.temporaryDirectory.appending(path: "brume-\(UUID().uuidString)")
        self.path = folder.path()
    }

    deinit {
        // A test that never wrote has no folder.
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// Paths of every file under the folder.
    var files: [String] {
        FileManager.default.subpaths(atPath: self.path) ?? []
    }
}
