import Inference
import Primitives
import TestSupport

/// A registry in a folder of its own.
struct RegistryFixture {
    let folder: ScratchFolder
    let clock = ManualClock()
    let registry: ModelRegistry

    init() throws {
        self.folder = try ScratchFolder.made()
        self.registry = ModelRegistry(directory: "\(self.folder.path)/models", clock: self.clock)
    }

    /// Takes a model of these contents up; several are its parts.
    @discardableResult
    func add(_ name: String, _ contents: [[UInt8]], replaces: Bool = false) throws -> ModelRecord {
        var files: [ModelRecord.File] = []
        var staged: [ContentDigest: String] = [:]
        let names = SplitFileName(base: "part", number: 1, count: max(1, contents.count)).all
        for (index, content) in contents.enumerated() {
            let digest = ContentDigest(of: content)
            let path = "\(self.registry.partial)/\(name)-\(index)"
            try Disk.createDirectory(self.registry.partial)
            try Disk.replace(path, with: content)
            staged[digest] = path
            let fileName = contents.count == 1 ? "\(name).gguf" : names[index]
            files.append(.init(role: .weights, digest: digest, bytes: Int64(content.count), name: fileName))
        }
        let record = ModelRecord(
            name: name, files: files, facts: .init(architecture: "llama", contextTokensMax: 4096), source: "a test",
            license: "mit", added: self.clock.now())
        try self.registry.add(record, staged: staged, replaces: replaces)
        return record
    }
}
