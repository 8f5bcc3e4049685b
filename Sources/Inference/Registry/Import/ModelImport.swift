package import Primitives

/// Adds local models to the registry: as hard links to the same content, or as copies.
package struct ModelImport: Sendable {
    /// How a content is added to the registry.
    package enum Method: String, Sendable, Hashable, CaseIterable {
        /// A hard link if the file system supports it, otherwise a copy.
        case link
        /// A copy, which is independent of the original.
        case copy
    }

    /// The result of an import.
    package struct Outcome: Sendable, Equatable {
        package var record: ModelRecord
        /// The number of bytes written; 0 if everything was linked or existed already.
        package var copiedBytes: Int64
    }

    private let registry: ModelRegistry
    private let random: any RandomSource

    package init(registry: ModelRegistry, random: any RandomSource = SystemRandomSource()) {
        self.registry = registry
        self.random = random
    }

    /// Reads every byte once: the digest is the name under which a content is stored.
    package func run(
        _ model: FoundModel, name: String, method: Method = .link, replaces: Bool = false,
        report: (TransferReport) -> Void = { _ in }
    ) throws(RegistryError) -> Outcome {
        try ModelName.check(name)
        let weights = model.files.filter { $0.role == .weights }
        let inspection = try ModelInspection(weights: weights.map(\.path))
        let area = try self.registry.stagedFiles()
        defer { withExtendedLifetime(area) {} }
        var work = Work(total: model.bytes)
        do throws(RegistryError) {
            for file in model.files { try self.stage(file, in: area, method, &work, report) }
            let record = ModelRecord(
                name: name, kind: inspection.kind, files: work.files, facts: inspection.facts, source: model.source,
                license: inspection.license, added: self.registry.clock.now())
            let there = replaces ? nil : try self.registry.record(named: name)
            let same = there?.digest == record.digest ? there : nil
            if let same, method == .link {
                try self.discard(work)
                return Outcome(record: same, copiedBytes: 0)
            }
            // A copy that was asked for also takes the place of a hard link that an earlier import made.
            let added = try self.registry.add(
                same ?? record, staged: work.staged, replaces: replaces || same != nil,
                replacesContents: method == .copy)
            return Outcome(record: added, copiedBytes: work.copiedBytes)
        } catch {
            try self.discard(work)
            throw error
        }
    }

    /// Converts an embedding model of the BERT family from a directory of safetensors, and adds it.
    package func convert(
        directory: String, name: String, replaces: Bool = false, report: (TransferReport) -> Void = { _ in }
    ) throws(RegistryError) -> Outcome {
        try ModelName.check(name)
        let conversion = try BertConversion(directory: directory)
        let area = try self.registry.stagedFiles()
        defer { withExtendedLifetime(area) {} }
        let bytes = try conversion.output(name: name) { done, total in
            report(TransferReport(activity: "converting", fileName: directory, doneBytes: done, totalBytes: total))
        }
        let converted = area.path(.converted, Hex.encode(self.random.bytes(8)))
        try ModelPull.checkSpace(Int64(bytes.count), at: self.registry.partial)
        try Disk.replace(converted, with: bytes)
        let model = FoundModel(
            title: name, suggestedName: name, source: "safetensors \(directory)",
            files: [.init(role: .weights, path: converted, name: "\(name).gguf")])
        do throws(RegistryError) {
            var outcome = try self.run(model, name: name, replaces: replaces, report: report)
            outcome.copiedBytes = Int64(bytes.count)
            try Disk.remove(converted)
            return outcome
        } catch {
            try Disk.remove(converted)
            throw error
        }
    }

    private struct Work {
        let total: Int64
        var done: Int64 = 0
        var copiedBytes: Int64 = 0
        var files: [ModelRecord.File] = []
        var staged: [ContentDigest: String] = [:]
    }

    private func discard(_ work: Work) throws(RegistryError) {
        for path in work.staged.values { try Disk.remove(path) }
    }

    private func stage(
        _ file: FoundModel.File, in area: borrowing StagedFiles, _ method: Method, _ work: inout Work,
        _ report: (TransferReport) -> Void
    ) throws(RegistryError) {
        let original = try OpenFile(reading: file.path)
        let bytes = original.bytes
        let staged = area.path(.imported, Hex.encode(self.random.bytes(8)))
        let isLinked = method == .link ? try Disk.hardLink(file.path, to: staged) : false
        let before = work.done
        let total = work.total
        let tell: (Int64) -> Void = { done in
            report(
                TransferReport(
                    activity: isLinked ? "checking" : "copying", fileName: file.name, doneBytes: before + done,
                    totalBytes: total))
        }
        do throws(RegistryError) {
            let digest: ContentDigest
            if isLinked {
                digest = try original.digest(tell)
            } else {
                try ModelPull.checkSpace(bytes, at: self.registry.partial)
                digest = try original.copy(to: staged, tell)
                work.copiedBytes += bytes
            }
            guard digest == file.digest ?? digest else {
                throw RegistryError(
                    .damaged,
                    "\(file.path) is damaged: its digest is \(digest.hex) instead of \(file.digest?.hex ?? ""). Fetch "
                        + "it again with the program that it belongs to")
            }
            if work.staged[digest] == nil {
                work.staged[digest] = staged
            } else {
                try Disk.remove(staged)
            }
            work.files.append(.init(role: file.role, digest: digest, bytes: bytes, name: file.name))
            work.done += bytes
        } catch {
            try Disk.remove(staged)
            throw error
        }
    }
}
