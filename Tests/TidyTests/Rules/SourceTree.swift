import FoundationEssentials

/// The files under the house rules.
enum SourceTree {
    /// Folders that are walked, from the package's root.
    private static let folders = [".ci", "Bench", "Scripts", "Sources", "Tests", "docs", "examples"]
    /// Suffixes of files that are read; a file without a suffix is a script.
    private static let suffixes: Set<String> = [
        "swift", "py", "md", "sh", "h", "c", "modulemap", "txt", "toml", "yaml",
    ]
    /// Files at the root itself.
    private static let rootFiles = ["Package.swift", "Makefile", "README.md", "CONTRIBUTING.md", "NOTICE"]

    /// - Parameter root: the package's folder, with symbolic links resolved.
    /// - Returns: the files, sorted by path.
    /// - Throws: what the file system says.
    static func files(at root: String) throws -> [SourceFile] {
        var paths = rootFiles
        for folder in folders where FileManager.default.fileExists(atPath: "\(root)/\(folder)") {
            paths += try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").map { "\(folder)/\($0)" }
        }
        return try paths.filter(isRead).sorted().compactMap { path in
            let whole = "\(root)/\(path)"
            var isDirectory = false
            let isThere = FileManager.default.fileExists(atPath: whole, isDirectory: &isDirectory)
            guard isThere, !isDirectory else { return nil }
            guard let data = FileManager.default.contents(atPath: whole) else { throw Unreadable(path: path) }
            return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
        }
    }

    /// A file that is there but cannot be read.
    struct Unreadable: Error {
        /// From the package's root.
        let path: String
    }

    private static func isRead(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard let name = parts.last else { return false }
        guard !parts.dropFirst().contains(where: { $0.hasPrefix(".") || $0 == "__pycache__" }) else { return false }
        if rootFiles.contains(path) { return true }
        guard let dot = name.lastIndex(of: ".") else { return parts.first == "Scripts" || parts.first == ".ci" }
        return suffixes.contains(String(name[name.index(after: dot)...]))
    }
}
