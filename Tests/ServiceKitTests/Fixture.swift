import Foundation
import Primitives
import Signing
import TestSupport

extension ScratchFolder {
    /// Paths of every file under the folder.
    var files: [String] {
        FileManager.default.subpaths(atPath: self.path) ?? []
    }
}
