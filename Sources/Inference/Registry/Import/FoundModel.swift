internal import Primitives

/// A model on this machine that is not in the registry: given by its path, or kept by another program.
package struct FoundModel: Sendable, Equatable {
    /// One of its files.
    package struct File: Sendable, Equatable {
        package var role: ModelRecord.File.Role
        package var path: String
        /// Its display name, if the path does not show it.
        package var name: String
        /// The digest according to the other program, if it stores one; verified.
        package var digest: ContentDigest?
    }

    /// The other program's name for it.
    package var title: String
    /// A valid name for the registry.
    package var suggestedName: String
    /// For the record.
    package var source: String
    package var files: [File]

    package var bytes: Int64 { self.files.reduce(0) { $0 + (Files.facts($1.path)?.bytes ?? 0) } }
}

/// Finds models among the files of a directory.
enum GGUFFolder {
    /// The maximum depth of subdirectories that are searched.
    static let depthMax = 5
    /// The maximum number of files that are examined.
    static let fileCountMax = 20_000

    /// The paths of the `.gguf` files in a directory, relative to it, sorted.
    static func files(in root: String) throws(RegistryError) -> [String] {
        var found: [String] = []
        var directories = [(path: "", depth: 0)]
        var looked = 0
        while let (path, depth) = directories.popLast() {
            for name in try Disk.names(in: path.isEmpty ? root : "\(root)/\(path)") where !name.hasPrefix(".") {
                looked += 1
                guard looked <= Self.fileCountMax else {
                    throw RegistryError(
                        .usage, "\(root) has more than \(Self.fileCountMax) files; name a directory with fewer")
                }
                let full = path.isEmpty ? name : "\(path)/\(name)"
                if name.lowercased().hasSuffix(".gguf") {
                    found.append(full)
                } else if depth < Self.depthMax, Files.facts("\(root)/\(full)")?.isDirectory == true {
                    directories.append((full, depth + 1))
                }
            }
        }
        return found.sorted()
    }

    /// Groups files into models: parts are combined, and a projector is assigned to the models in its directory.
    /// - Parameters:
    ///   - paths: relative to `root`.
    ///   - root: the directory.
    ///   - describe: returns title and source of a model for the path of its first file.
    /// - Returns: the models, in the order of their first files.
    static func models(
        _ paths: [String], in root: String, describe: (String) -> (title: String, source: String)
    ) -> [FoundModel] {
        let present = Set(paths)
        let isProjector: (String) -> Bool = { Files.lastName(of: $0).lowercased().contains("mmproj") }
        var models: [FoundModel] = []
        for path in paths where !isProjector(path) {
            var parts = [path]
            if let split = SplitFileName(path) {
                // The first part represents a split model, and only if all parts exist.
                guard split.number == 1, split.all.allSatisfy(present.contains) else { continue }
                parts = split.all
            }
            var files = parts.map { Self.file($0, .weights, root) }
            let beside = paths.filter { isProjector($0) && Files.parent(of: $0) == Files.parent(of: path) }
            if let projector = beside.first(where: { HubSelection.has($0, "F16") }) ?? beside.first {
                files.append(Self.file(projector, .projector, root))
            }
            let (title, source) = describe(path)
            models.append(
                FoundModel(
                    title: title, suggestedName: ModelName.suggested(for: Files.lastName(of: path)), source: source,
                    files: files))
        }
        return models
    }

    private static func file(_ path: String, _ role: ModelRecord.File.Role, _ root: String) -> FoundModel.File {
        .init(role: role, path: "\(root)/\(path)", name: Files.lastName(of: path))
    }
}

extension FoundModel {
    /// The models at paths of the command line: a file, the first part of a split model, or a directory.
    package static func models(at paths: [String]) throws(RegistryError) -> [FoundModel] {
        var models: [FoundModel] = []
        for path in paths {
            guard let facts = Files.facts(path) else { throw RegistryError(.unknown, "there is no file \(path)") }
            if facts.isDirectory {
                let root = path.hasSuffix("/") ? String(path.dropLast()) : path
                let found = GGUFFolder.models(try GGUFFolder.files(in: path), in: root) { name in
                    (name, "\(root)/\(name)")
                }
                guard !found.isEmpty else { throw RegistryError(.unknown, "\(path) has no .gguf file") }
                models += found
            } else {
                models.append(try self.model(file: path))
            }
        }
        return models
    }

    private static func model(file path: String) throws(RegistryError) -> FoundModel {
        let name = Files.lastName(of: path)
        var paths = [path]
        if let split = SplitFileName(path) {
            paths = split.all
            if let missing = paths.first(where: { Files.facts($0) == nil }) {
                throw RegistryError(
                    .unknown,
                    "the model has \(split.count) files, but \(missing) is missing; put all in one directory")
            }
        }
        return FoundModel(
            title: name, suggestedName: ModelName.suggested(for: name), source: path,
            files: paths.map { File(role: .weights, path: $0, name: Files.lastName(of: $0)) })
    }
}
