/// Files beside the downloads of `partial` that are of use to one process alone, and only as long as it runs: copies,
/// links and conversions on their way, and beginnings of models that are looked at.
///
/// Whoever makes one holds a lock that all of them share. Where nobody holds it, what is there was left by a process
/// that was killed.
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

    /// A path of that kind; `word` is nobody else's.
    func path(_ kind: Kind, _ word: String) -> String { "\(self.directory)/\(kind.rawValue)\(word)" }
}

extension ModelRegistry {
    /// - Returns: where files may be staged, until it goes.
    func stagedFiles() throws(RegistryError) -> StagedFiles {
        try StagedFiles(self.partial, lockPath: "\(self.directory)/staging.lock")
    }
}
