internal import Primitives
internal import ServiceModel

extension ModelRegistry {
    /// Adds a model: moves its contents from `partial` to their final places, then writes the manifest.
    ///
    /// - Parameters:
    ///   - record: the new record; an existing model of that name is only replaced if `replaces` is set, and stays
    ///     pinned if it was.
    ///   - staged: for each content that is not in the registry yet, a file with it on the same file system, synced and
    ///     verified. It is moved, or removed if the registry has the content already.
    ///   - replaces: whether a model of the same name may be replaced.
    ///   - replacesContents: whether the staged files also take the place of contents that the registry has already,
    ///     which may be hard links to files that another program can change.
    /// - Returns: the record as it was written.
    /// - Throws: `.usage` when the name is taken.
    @discardableResult
    package func add(
        _ record: ModelRecord, staged: [ContentDigest: String] = [:], replaces: Bool = false,
        replacesContents: Bool = false
    ) throws(RegistryError) -> ModelRecord {
        try ModelName.check(record.name)
        precondition(!record.weights.isEmpty, "a model has weights")
        return try self.change { () throws(RegistryError) in
            var record = record
            if replaces {
                // A damaged manifest may be replaced; nobody knows then whether the model was pinned.
                let earlier = try? self.record(named: record.name)
                record.isPinned = earlier?.isPinned ?? record.isPinned
            } else if try self.record(named: record.name) != nil {
                throw RegistryError(
                    .usage,
                    "the model \(record.name) exists already; choose another name with --name, or replace it with "
                        + "--replace")
            }
            guard try Disk.names(in: self.manifests).count < Self.modelCountMax else {
                throw RegistryError(.usage, "there are \(Self.modelCountMax) models already; remove some first")
            }
            for (digest, path) in staged {
                let blob = self.blobPath(digest)
                // A content of another length is damaged, and this one is whole.
                if !replacesContents, let there = Files.facts(blob), there.bytes == Files.facts(path)?.bytes {
                    try Disk.remove(path)
                } else {
                    try Disk.rename(path, to: blob)
                }
            }
            _ = try self.linkParts(of: record)
            CrashPoint.reach("registry.add.beforeManifest")
            try self.write(record)
            _ = try self.paths(record)
            return record
        }
    }

    /// Removes a model, the contents that no other model uses, and its aliases.
    package func remove(_ name: String) throws(RegistryError) -> ModelRemoval {
        _ = try self.model(name)
        return try self.change { () throws(RegistryError) in
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

    /// Creates an alias, or changes the model of an existing one.
    /// - Parameters:
    ///   - pattern: the alias.
    ///   - name: the model that the alias refers to.
    ///   - others: models outside the registry that are allowed as well.
    /// - Throws: when the model does not exist, or the alias is the name of a model.
    package func alias(_ pattern: String, to name: String, others: [String] = []) throws(RegistryError) {
        let isOther = name.hasPrefix(ModelName.reservedPrefix) || others.contains(name)
        if !isOther { _ = try self.model(name) }
        try self.change { () throws(RegistryError) in
            let model = isOther ? name : try self.model(name).name
            try self.checkAlias(pattern, others: others)
            var aliases = try self.aliases()
            aliases.removeAll { $0.pattern == pattern }
            guard aliases.count < ModelAlias.countMax else {
                throw RegistryError(.usage, "there are \(ModelAlias.countMax) aliases already; remove some first")
            }
            aliases.append(ModelAlias(pattern: pattern, model: model))
            try self.write(aliases)
        }
    }

    /// - Throws: where `alias` would refuse it, whatever it is to stand for.
    package func checkAlias(_ pattern: String, others: [String] = []) throws(RegistryError) {
        try ModelName.checkPattern(pattern)
        guard try self.record(named: pattern) == nil, !others.contains(pattern),
            !pattern.hasPrefix(ModelName.reservedPrefix)
        else {
            throw RegistryError(
                .usage, "\(pattern) is the name of a model, and names take precedence over aliases")
        }
    }

    package func removeAlias(_ pattern: String) throws(RegistryError) {
        _ = try self.aliases(with: pattern)
        try self.change { () throws(RegistryError) in
            try self.write(try self.aliases(with: pattern).filter { $0.pattern != pattern })
        }
    }

    /// All aliases.
    /// - Throws: when none of them has that pattern.
    private func aliases(with pattern: String) throws(RegistryError) -> [ModelAlias] {
        let aliases = try self.aliases()
        guard aliases.contains(where: { $0.pattern == pattern }) else {
            throw RegistryError(.unknown, "there is no alias \(pattern); `brume model alias` lists the aliases")
        }
        return aliases
    }

    /// Pins or unpins a model.
    /// - Returns: the updated record.
    package func setPinned(_ name: String, isPinned: Bool) throws(RegistryError) -> ModelRecord {
        _ = try self.model(name)
        return try self.change { () throws(RegistryError) in
            var record = try self.model(name)
            record.isPinned = isPinned
            try self.write(record)
            return record
        }
    }

    /// Pins or unpins a model outside the registry.
    package func setPinned(elsewhere name: String, isPinned: Bool) throws(RegistryError) {
        try self.change { () throws(RegistryError) in
            var names = try self.pins().filter { $0 != name }
            if isPinned { names.append(name) }
            guard names.count <= Self.pinCountMax else {
                throw RegistryError(.usage, "\(Self.pinCountMax) models are pinned already; unpin some with --off")
            }
            try Disk.replace(
                self.pinFile, with: RegistryText.encode(Self.pinFormat, .array(names.map { .string($0) })))
        }
    }

    /// Runs a change while no other process can change the registry.
    ///
    /// It makes the directory, so callers first look without the lock whether what they change is there: a name that is
    /// unknown because the data directory was mistyped leaves nothing behind.
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

    /// The engine finds the parts of a model by the name of the first, so they need their names in one directory.
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

    /// Removes contents and links that no manifest refers to. The lock is held.
    ///
    /// With a damaged manifest nothing is removed: it may have referred to contents that would be removed.
    private func sweep() throws(RegistryError) -> (removed: Int64, keptElsewhere: Int64) {
        let listing = try self.list()
        guard listing.damage.isEmpty else {
            throw RegistryError(
                .damaged, "the model is removed, but its files stay: " + listing.damage.joined(separator: "; "))
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
