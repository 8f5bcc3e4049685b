internal import Primitives
internal import ServiceModel

extension ModelRegistry {
    /// Takes a model up: its contents are moved from where they lie in `partial`, then the manifest names them.
    ///
    /// - Parameters:
    ///   - record: as it will stand; a model of that name that is there is replaced only where told.
    ///   - staged: for each content that is not here yet, the file of the same file system that has it, synced and
    ///     checked. It is moved, or removed when the content is here meanwhile.
    ///   - replaces: whether a model of the same name may go.
    /// - Throws: `.usage` when the name is taken.
    package func add(
        _ record: ModelRecord, staged: [ContentDigest: String] = [:], replaces: Bool = false
    ) throws(RegistryError) {
        try ModelName.check(record.name)
        precondition(!record.weights.isEmpty, "a model has weights")
        try self.change { () throws(RegistryError) in
            if !replaces, try self.record(named: record.name)?.digest != nil {
                throw RegistryError(
                    .usage,
                    "there is a model \(record.name) already; give another name with --name, or replace it with "
                        + "--replace")
            }
            guard try Disk.names(in: self.manifests).count < Self.modelCountMax else {
                throw RegistryError(.usage, "there are \(Self.modelCountMax) models already; remove some first")
            }
            for (digest, path) in staged {
                if Files.facts(self.blobPath(digest)) != nil {
                    try Disk.remove(path)
                } else {
                    try Disk.rename(path, to: self.blobPath(digest))
                }
            }
            _ = try self.linkParts(of: record)
            CrashPoint.reach("registry.add.beforeManifest")
            try self.write(record)
            _ = try self.paths(record)
        }
    }

    /// Removes a model, the contents that no other model uses, and the aliases that stand for it.
    package func remove(_ name: String) throws(RegistryError) -> ModelRemoval {
        try self.change { () throws(RegistryError) in
            let record = try self.model(name)
            let aliases = try self.aliases()
            let gone = aliases.filter { $0.model == record.name }
            if !gone.isEmpty { try self.write(aliases.filter { $0.model != record.name }) }
            try Disk.remove("\(self.manifests)/\(record.name)")
            try Disk.syncDirectory(self.manifests)
            CrashPoint.reach("registry.remove.beforeBlobs")
            let swept = try self.sweep()
            return ModelRemoval(
                record: record, removedBytes: swept.removed, keptElsewhereBytes: swept.keptElsewhere, aliases: gone)
        }
    }

    /// Makes an alias, or turns one that there is to another model.
    /// - Parameters:
    ///   - pattern: the alias.
    ///   - name: the model that answers for it.
    ///   - others: models that are not the registry's and may be meant.
    /// - Throws: where there is no such model, or the alias is the name of one.
    package func alias(_ pattern: String, to name: String, others: [String] = []) throws(RegistryError) {
        try ModelName.checkPattern(pattern)
        try self.change { () throws(RegistryError) in
            let isOther = name.hasPrefix(ModelName.reservedPrefix) || others.contains(name)
            let model = isOther ? name : try self.model(name).name
            guard try self.record(named: pattern) == nil, !others.contains(pattern),
                !pattern.hasPrefix(ModelName.reservedPrefix)
            else {
                throw RegistryError(
                    .usage, "\(pattern) is the name of a model itself, and a name counts before an alias")
            }
            var aliases = try self.aliases()
            aliases.removeAll { $0.pattern == pattern }
            guard aliases.count < ModelAlias.countMax else {
                throw RegistryError(.usage, "there are \(ModelAlias.countMax) aliases already; remove some first")
            }
            aliases.append(ModelAlias(pattern: pattern, model: model))
            try self.write(aliases)
        }
    }

    package func removeAlias(_ pattern: String) throws(RegistryError) {
        try self.change { () throws(RegistryError) in
            let aliases = try self.aliases()
            guard aliases.contains(where: { $0.pattern == pattern }) else {
                throw RegistryError(
                    .unknown, "there is no alias \(pattern); `brume model alias` shows which there are")
            }
            try self.write(aliases.filter { $0.pattern != pattern })
        }
    }

    /// Pins a model, or lets it go.
    /// - Returns: the model as it is now.
    package func setPinned(_ name: String, _ isPinned: Bool) throws(RegistryError) -> ModelRecord {
        try self.change { () throws(RegistryError) in
            var record = try self.model(name)
            record.isPinned = isPinned
            try self.write(record)
            return record
        }
    }

    /// Pins a model that is not the registry's, or lets it go.
    package func setPinned(elsewhere name: String, _ isPinned: Bool) throws(RegistryError) {
        try self.change { () throws(RegistryError) in
            var names = try self.pins().filter { $0 != name }
            if isPinned { names.append(name) }
            guard names.count <= Self.pinCountMax else {
                throw RegistryError(.usage, "\(Self.pinCountMax) models are pinned already; let some go with --off")
            }
            try Disk.replace(
                self.pinFile, with: RegistryText.encode(Self.pinFormat, .array(names.map { .string($0) })))
        }
    }

    /// Does something while no other process changes anything here.
    private func change<Value>(_ work: () throws(RegistryError) -> Value) throws(RegistryError) -> Value {
        for directory in [self.directory, self.blobs, self.manifests, self.partial] {
            try Disk.createDirectory(directory)
        }
        let lock = try FileLock.wait("\(self.directory)/lock")
        defer { withExtendedLifetime(lock) {} }
        return try work()
    }

    private func write(_ record: ModelRecord) throws(RegistryError) {
        try Disk.replace(
            "\(self.manifests)/\(record.name)", with: RegistryText.encode(ModelRecord.format, record.document))
    }

    private func write(_ aliases: [ModelAlias]) throws(RegistryError) {
        try Disk.replace(
            self.aliasFile, with: RegistryText.encode(ModelAlias.format, .array(aliases.map(\.document))))
    }

    /// The engine finds the parts of a model by the name of the first: they need their names beside each other.
    private func linkParts(of record: ModelRecord) throws(RegistryError) {
        let weights = record.weights
        guard weights.count > 1 else { return }
        let directory = "\(self.parts)/\(record.digest.hex)"
        try Disk.createDirectory(directory)
        for file in weights {
            try Disk.symbolicLink("\(directory)/\(file.name)", to: "../../blobs/\(file.digest.fileName)")
        }
        try Disk.syncDirectory(directory)
    }

    /// Removes contents and links that no manifest names. The lock is held.
    ///
    /// With a damaged manifest nothing is removed: it may have named what would go.
    private func sweep() throws(RegistryError) -> (removed: Int64, keptElsewhere: Int64) {
        let listing = try self.list()
        guard listing.damage.isEmpty else {
            throw RegistryError(
                .damaged, "the model is removed; its files stay, because " + listing.damage.joined(separator: "; "))
        }
        let used = Set(listing.models.flatMap { $0.files.map(\.digest.fileName) })
        let usedParts = Set(listing.models.map(\.digest.hex))
        for name in try Disk.names(in: self.parts) where !usedParts.contains(name) {
            for link in try Disk.names(in: "\(self.parts)/\(name)") {
                try Disk.remove("\(self.parts)/\(name)/\(link)")
            }
            Disk.removeEmptyDirectory("\(self.parts)/\(name)")
        }
        var (removed, keptElsewhere) = (Int64(0), Int64(0))
        for name in try Disk.names(in: self.blobs) where !used.contains(name) {
            guard ContentDigest(fileName: name) != nil, let facts = Files.facts("\(self.blobs)/\(name)") else {
                continue
            }
            try Disk.remove("\(self.blobs)/\(name)")
            removed += facts.bytes
            if facts.linkCount > 1 { keptElsewhere += facts.bytes }
        }
        return (removed, keptElsewhere)
    }
}
