package import Primitives

/// A folder for one test, removed with this object. Keep it in the suite, or use it until the test's end.
package final class ScratchFolder: Sendable {
    package let path: String

    /// Chooses a path where nothing is yet, for code that makes its own folder.
    package init() {
        self.path = "/tmp/brume-test-\(RequestID.uuid(SystemRandomSource()))"
    }

    deinit {
        // A folder that cannot be removed makes no test fail.
        try? Files.removeTree(self.path)
    }

    /// A folder that is there, and empty.
    package static func made() throws(FileError) -> ScratchFolder {
        let folder = ScratchFolder()
        try Files.createDirectory(folder.path)
        return folder
    }

    /// The names in the folder, sorted; empty when there is no folder.
    package var names: [String] { (try? Files.names(in: self.path)) ?? [] }
}
