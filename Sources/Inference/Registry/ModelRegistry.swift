package import Primitives
internal import ServiceModel

/// The models on disk: contents stored by digest, and names as small files that refer to them.
///
///     models/lock                     held during changes, which are a few small writes
///     models/blobs/sha256-<64 digits> one content; may be a hard link to another program's file
///     models/manifests/<name>         one model: `ModelRecord`
///     models/parts/<digest>/<name>    links to the parts of a split model, under the names that the engine expects
///     models/aliases                  other names of models
///     models/pins                     pinned models of the configuration
///     models/partial/                 unfinished downloads and copies; moved to `blobs` when complete
///
/// Processes share it: every change is made under the lock, every small file is replaced atomically and synced, and a
/// content is in `blobs` before any manifest refers to it. A crash can only leave a content without a reference, which
/// the next change removes. Readers take no lock.
package struct ModelRegistry: Sendable {
    /// The maximum number of models.
    package static let modelCountMax = 10_000
    static let pinCountMax = 1000
    static let pinFormat = "brume-pins 1"

    /// The directory `models`.
    package let directory: String
    let clock: any WallClock

    package init(directory: String, clock: any WallClock = SystemClock()) {
        self.directory = directory
        self.clock = clock
    }

    var blobs: String { "\(self.directory)/blobs" }
    var manifests: String { "\(self.directory)/manifests" }
    var parts: String { "\(self.directory)/parts" }
    var aliasFile: String { "\(self.directory)/aliases" }
    var pinFile: String { "\(self.directory)/pins" }
    /// The directory of unfinished downloads and copies.
    package var partial: String { "\(self.directory)/partial" }

    package func blobPath(_ digest: ContentDigest) -> String { "\(self.blobs)/\(digest.fileName)" }
}

/// A snapshot of the whole registry.
package struct RegistryListing: Sendable, Equatable {
    /// Ordered by name.
    package var models: [ModelRecord]
    /// In the order of creation.
    package var aliases: [ModelAlias]
    /// Names of pinned models outside the registry.
    package var pins: [String] = []
    /// What could not be read; one sentence each.
    package var damage: [String]
}

/// The result of removing a model.
package struct ModelRemoval: Sendable, Equatable {
    package var record: ModelRecord
    /// The size of the removed contents, which no other model of the registry uses.
    package var removedBytes: Int64
    /// The part of it that remains on disk, because another program has a hard link to it.
    package var keptElsewhereBytes: Int64
    /// Aliases that were removed with the model.
    package var aliases: [ModelAlias]
}

/// The paths of a model's files, for the engine.
package struct ModelPaths: Sendable, Equatable {
    /// The weights, or the first of their parts; the others are in the same directory, under the names that the engine
    /// expects.
    package var weights: String
    /// All files of the weights, in order.
    package var parts: [String]
    package var projector: String?
}

extension ModelRegistry {
    package func list() throws(RegistryError) -> RegistryListing {
        var listing = RegistryListing(models: [], aliases: [], damage: [])
        for name in try Disk.names(in: self.manifests) where ModelName.isLawful(name) {
            do throws(RegistryError) {
                if let record = try self.record(named: name) { listing.models.append(record) }
            } catch {
                listing.damage.append(error.sentence)
            }
        }
        do throws(RegistryError) {
            listing.aliases = try self.aliases()
            listing.pins = try self.pins()
        } catch {
            listing.damage.append(error.sentence)
        }
        return listing
    }

    /// The model with exactly that name.
    /// - Returns: nil when there is none.
    package func record(named name: String) throws(RegistryError) -> ModelRecord? {
        guard ModelName.isLawful(name) else { return nil }
        let path = "\(self.manifests)/\(name)"
        guard let bytes = try Disk.read(path, bytesMax: RegistryText.bytesMax) else { return nil }
        guard let document = RegistryText.decode(ModelRecord.format, bytes), let record = ModelRecord(document),
            record.name == name
        else {
            throw RegistryError(
                .damaged,
                "\(path) is damaged. Remove that file and pull or import the model again; intact content is not "
                    + "downloaded again")
        }
        return record
    }

    /// The model with that name or alias.
    /// - Throws: a sentence with the remedy when there is none.
    package func model(_ name: String) throws(RegistryError) -> ModelRecord {
        if let record = try self.record(named: name) { return record }
        let alias = try self.aliases().first { $0.pattern == name }
        if let alias, let record = try self.record(named: alias.model) { return record }
        guard name != EchoModel.name, alias?.model != EchoModel.name else { throw Self.isBuiltIn }
        let near = try Disk.names(in: self.manifests).filter { $0.contains(name.lowercased()) }.prefix(3)
        let pull = OpenModel.named(name) == nil ? "" : ", `brume model pull \(name)` fetches it"
        throw RegistryError(
            .unknown,
            "there is no model \(name); "
                + (near.isEmpty
                    ? "`brume model list` lists the models\(pull)"
                    : "did you mean \(near.joined(separator: " or "))?"))
    }

    private static let isBuiltIn = RegistryError(
        .usage, "\(EchoModel.name) is built in: it is always loaded, and has no files")

    package func aliases() throws(RegistryError) -> [ModelAlias] {
        guard let bytes = try Disk.read(self.aliasFile, bytesMax: RegistryText.bytesMax) else { return [] }
        guard let document = RegistryText.decode(ModelAlias.format, bytes), case .array(let rows) = document else {
            throw RegistryError(
                .damaged,
                "\(self.aliasFile) is damaged. Remove it and add the aliases again with `brume model alias`")
        }
        return rows.compactMap(ModelAlias.init)
    }

    /// The names of pinned models outside the registry.
    package func pins() throws(RegistryError) -> [String] {
        guard let bytes = try Disk.read(self.pinFile, bytesMax: RegistryText.bytesMax) else { return [] }
        guard let document = RegistryText.decode(Self.pinFormat, bytes), case .array(let names) = document else {
            throw RegistryError(
                .damaged,
                "\(self.pinFile) is damaged. Remove it and pin the models of the setting bedrock-models again with "
                    + "`brume model pin`")
        }
        return names.compactMap(\.text)
    }

    /// The paths of a model's files.
    /// - Throws: when a file is missing or its size has changed.
    package func paths(_ record: ModelRecord) throws(RegistryError) -> ModelPaths {
        for file in record.files {
            let path = self.blobPath(file.digest)
            let bytes = Files.facts(path)?.bytes
            guard bytes == file.bytes else {
                let what = bytes.map { "has \($0) bytes instead of \(file.bytes)" } ?? "is missing"
                throw RegistryError(
                    .damaged,
                    "the file \(file.name) of the model \(record.name) \(what) (\(path)). Fetch it again: "
                        + "brume model pull \(record.source) --name \(record.name)")
            }
        }
        let projector = record.projector.map { self.blobPath($0.digest) }
        let weights = record.weights
        guard weights.count > 1 else {
            let path = self.blobPath(weights[0].digest)
            return ModelPaths(weights: path, parts: [path], projector: projector)
        }
        let parts = weights.map { "\(self.parts)/\(record.digest.hex)/\($0.name)" }
        for (path, file) in zip(parts, weights) where Files.facts(path)?.bytes != file.bytes {
            throw RegistryError(
                .damaged,
                "the link \(path) of the model \(record.name) is missing. Make it again: "
                    + "brume model pull \(record.source) --name \(record.name)")
        }
        return ModelPaths(weights: parts[0], parts: parts, projector: projector)
    }

    /// Reads a model's files completely and compares their digests.
    /// - Parameters:
    ///   - record: the model.
    ///   - progress: called with the bytes done so far.
    /// - Throws: `.damaged` with the first file whose content has changed.
    package func verify(
        _ record: ModelRecord, _ progress: (Int64) -> Void = { _ in }
    ) throws(RegistryError) {
        _ = try self.paths(record)
        var done: Int64 = 0
        for file in record.files {
            let path = self.blobPath(file.digest)
            let before = done
            guard try OpenFile(reading: path).digest({ progress(before + $0) }) == file.digest else {
                throw RegistryError(
                    .damaged,
                    "the file \(file.name) of the model \(record.name) has changed (\(path)). Remove the model and "
                        + "fetch it again: brume model remove \(record.name) && brume model pull \(record.source)")
            }
            done += file.bytes
        }
    }
}
