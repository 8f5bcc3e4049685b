internal import Primitives
internal import ServiceModel

/// A program whose models can be added without a second copy.
package enum OtherProgram: String, Sendable, Hashable, CaseIterable {
    case ollama
    case hubCache = "hf-cache"
    case lmStudio = "lmstudio"

    /// The directories in which the program may keep its models, the most likely first.
    package func directories(_ environment: [String: String]) -> [String] {
        let home = environment["HOME"] ?? ""
        let given: [String?]
        switch self {
        case .ollama:
            given = [
                environment["OLLAMA_MODELS"], "\(home)/.ollama/models", "/usr/share/ollama/.ollama/models",
                "/var/lib/ollama/models",
            ]
        case .hubCache:
            let hubHome = environment["HF_HOME"].map { "\($0)/hub" }
            let cacheHome = environment["XDG_CACHE_HOME"].map { "\($0)/huggingface/hub" }
            given = [
                environment["HF_HUB_CACHE"] ?? environment["HUGGINGFACE_HUB_CACHE"], hubHome, cacheHome,
                "\(home)/.cache/huggingface/hub",
            ]
        case .lmStudio:
            // Only relocated installations have the file.
            let pointer = try? Disk.read("\(home)/.lmstudio-home-pointer", bytesMax: 4096)
            let moved = pointer.map { String(decoding: $0, as: UTF8.self).filter { !$0.isNewline } }
            given = [
                moved.map { "\($0)/models" }, "\(home)/.lmstudio/models", "\(home)/.cache/lm-studio/models",
            ]
        }
        var seen: Set<String> = []
        return given.compactMap(\.self).filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    /// All models that the program has on this machine.
    /// - Throws: `.unknown`, with the directories that were searched, when none of them exists.
    package func models(_ environment: [String: String]) throws(RegistryError) -> [FoundModel] {
        let directories = self.directories(environment)
        let present = directories.filter { Files.facts($0)?.isDirectory == true }
        guard !present.isEmpty else {
            throw RegistryError(
                .unknown, "\(self.rawValue) has no models here; looked in " + directories.joined(separator: ", "))
        }
        var models: [FoundModel] = []
        for directory in present {
            switch self {
            case .ollama: models += try OllamaStore(directory: directory).models()
            case .hubCache: models += try Self.cached(directory)
            case .lmStudio:
                models += GGUFFolder.models(try GGUFFolder.files(in: directory), in: directory) { path in
                    (path, "lmstudio \(path)")
                }
            }
        }
        return models
    }

    /// `models--org--repo/snapshots/<commit>/file.gguf`, links to blobs in the same repository.
    /// - Source: huggingface_hub's guide "Understand caching".
    private static func cached(_ directory: String) throws(RegistryError) -> [FoundModel] {
        var models: [FoundModel] = []
        for name in try Disk.names(in: directory) where name.hasPrefix("models--") {
            let repository = name.dropFirst(8).replacing("--", with: "/", maxReplacements: 1)
            let snapshots = "\(directory)/\(name)/snapshots"
            let main = try Disk.read("\(directory)/\(name)/refs/main", bytesMax: 256)
                .map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
            let commits = try Disk.names(in: snapshots)
            // The snapshot of `main` comes first; of other snapshots only models that it does not contain.
            var seen: Set<String> = []
            for commit in commits.filter({ $0 == main }) + commits.filter({ $0 != main }) {
                let root = "\(snapshots)/\(commit)"
                let found = GGUFFolder.models(try GGUFFolder.files(in: root), in: root) { path in
                    ("\(repository)/\(path)", "hf.co/\(repository)/\(path)")
                }
                for var model in found where seen.insert(model.title).inserted {
                    for index in model.files.indices {
                        // The cache names large files by their digest.
                        let blob = Disk.linkTarget(model.files[index].path).map(Files.lastName)
                        model.files[index].digest = blob.flatMap { ContentDigest(hex: $0) }
                    }
                    models.append(model)
                }
            }
        }
        return models
    }
}

/// Ollama's store: manifests that refer to contents by digest.
/// - Source: Ollama's `manifest/` and `types/model/name.go`; the media types of `server/images.go`.
struct OllamaStore {
    static let manifestBytesMax = 1 << 20
    private static let mediaType = "application/vnd.ollama.image."

    let directory: String

    /// The models in GGUF; those with adapters or in other formats are omitted.
    func models() throws(RegistryError) -> [FoundModel] {
        var models: [FoundModel] = []
        let root = "\(self.directory)/manifests"
        for host in try Disk.names(in: root) {
            for space in try Disk.names(in: "\(root)/\(host)") {
                for name in try Disk.names(in: "\(root)/\(host)/\(space)") {
                    for tag in try Disk.names(in: "\(root)/\(host)/\(space)/\(name)") {
                        let path = "\(root)/\(host)/\(space)/\(name)/\(tag)"
                        let owner = space == "library" ? "" : "\(space)/"
                        if let model = try self.model(manifest: path, title: "\(owner)\(name):\(tag)") {
                            models.append(model)
                        }
                    }
                }
            }
        }
        return models
    }

    private func model(manifest path: String, title: String) throws(RegistryError) -> FoundModel? {
        guard Files.facts(path)?.isDirectory == false,
            let bytes = try Disk.read(path, bytesMax: Self.manifestBytesMax),
            let manifest = RegistryText.document(bytes)
        else { return nil }
        var files: [FoundModel.File] = []
        for layer in manifest["layers"]?.elements ?? [] {
            guard let type = layer["mediaType"]?.text, type.hasPrefix(Self.mediaType),
                let digest = layer["digest"]?.text.flatMap({ ContentDigest(fileName: $0) })
            else { continue }
            let role: ModelRecord.File.Role
            switch type.dropFirst(Self.mediaType.count) {
            case "model": role = .weights
            case "projector": role = .projector
            case "adapter": return nil
            default: continue
            }
            let blob = "\(self.directory)/blobs/\(digest.fileName)"
            let base = title.replacing("/", with: "-").replacing(":", with: "-")
            let name = role == .projector ? "mmproj-\(base).gguf" : "\(base).gguf"
            files.append(.init(role: role, path: blob, name: name, digest: digest))
        }
        guard files.count(where: { $0.role == .weights }) == 1, files.allSatisfy({ Files.facts($0.path) != nil }) else {
            return nil
        }
        let short = title.hasSuffix(":latest") ? String(title.dropLast(7)) : title
        return FoundModel(
            title: title, suggestedName: ModelName.suggested(for: short), source: "ollama \(title)", files: files)
    }
}
