/// Files in `partial`, beside the downloads, that only one process uses, and only while it runs: unfinished copies,
/// links and conversions, and the first bytes of models that are being inspected.
///
/// Their makers share a lock. If no process holds it, the files were left by one that was killed.
struct StagedFiles: ~Copyable {
    /// How the names of such files begin.
    enum Kind: String, CaseIterable {
        case imported = "import-"
        case converted = "convert-"
        case peek = "peek-"
    }

    private let directory: String
    private let lock: FileLock

    /// Makes the directory, and removes what others have left.
    /// - Parameters:
    ///   - directory: where the files lie.
    ///   - lockPath: the file of the lock.
    /// - Throws: where the directory cannot be written.
    init(_ directory: String, lockPath: String) throws(RegistryError) {
        try Disk.createDirectory(directory)
        if let alone = try FileLock.tryNow(lockPath) {
            let isStaged: (String) -> Bool = { name in Kind.allCases.contains { name.hasPrefix($0.rawValue) } }
            for name in try Disk.names(in: directory) where isStaged(name) {
                try Disk.remove("\(directory)/\(name)")
            }
            withExtendedLifetime(alone) {}
        }
        let lock = try FileLock.waitShared(lockPath)
        self.directory = directory
        self.lock = lock
    }

    /// A path of that kind; `word` makes it unique.
    func path(_ kind: Kind, _ word: String) -> String { "\(self.directory)/\(kind.rawValue)\(word)" }
}

extension ModelRegistry {
    /// - Returns: where files may be staged, until it goes.
    func stagedFiles() throws(RegistryError) -> StagedFiles {
        try StagedFiles(self.partial, lockPath: "\(self.directory)/staging.lock")
    }
}
