internal import Crypto
internal import Primitives

/// The files that a pull will download.
package struct PullPlan: Sendable, Equatable {
    /// A file of the model.
    package struct File: Sendable, Equatable {
        package var role: ModelRecord.File.Role
        /// The path in the repository.
        package var path: String
        package var bytes: Int64?
        package var digest: ContentDigest?
        var url: FetchURL
        /// Whether the size comes from a hub's listing, so that the file must have it. The host of an address only says
        /// how long the file is at the moment.
        var isSizeListed = true
    }

    var reference: HubReference
    /// For the record: a reference that gives the same model again.
    package var source: String
    package var license: String?
    /// The default name of the model.
    package var suggestedName: String
    package var files: [File]

    /// nil when a size is unknown.
    package var bytes: Int64? {
        self.files.reduce(Int64(0)) { sum, file in sum.flatMap { sum in file.bytes.map { sum + $0 } } }
    }
}

/// The progress of a pull or an import.
package struct TransferReport: Sendable, Equatable {
    /// The current activity: `fetching`, `checking`, `copying`, `converting`.
    package var activity: String
    package var fileName: String
    /// For all files together.
    package var doneBytes: Int64
    package var totalBytes: Int64?

    package init(activity: String, fileName: String, doneBytes: Int64, totalBytes: Int64?) {
        self.activity = activity
        self.fileName = fileName
        self.doneBytes = doneBytes
        self.totalBytes = totalBytes
    }
}

/// Pulls models from Hugging Face's hub or a mirror into the registry.
package struct ModelPull: Sendable {
    /// Space that must stay free on the disk: the store of the same data directory refuses writes when less than half
    /// of it is free.
    package static let reserveBytes: Int64 = 512 << 20

    let registry: ModelRegistry
    let client: HubClient

    /// - Parameters:
    ///   - registry: the destination.
    ///   - settings: the source.
    ///   - fetch: the HTTP client.
    ///   - tries: consecutive attempts without progress before the pull fails.
    ///   - pause: waits for the given number of milliseconds.
    ///   - again: called with a temporary failure and the pause in milliseconds.
    package init(
        registry: ModelRegistry, settings: HubSettings, fetch: HTTPFetch = HTTPFetch(), tries: Int? = nil,
        pause: @escaping @Sendable (Int) async throws -> Void = { try await Task.sleep(for: .milliseconds($0)) },
        again: @escaping @Sendable (RegistryError, Int) -> Void = { _, _ in }
    ) {
        self.registry = registry
        self.client = HubClient(
            settings: settings, fetch: fetch, fruitlessCountMax: tries ?? DownloadProgress.fruitlessCountMax,
            pause: pause, again: again)
    }

    /// Queries the hub, or the host of an address; nothing is downloaded.
    /// - Parameters:
    ///   - reference: what to pull.
    ///   - revision: a branch, a tag or a commit; nil uses the reference's own.
    ///   - takesProjector: whether to include an image projector.
    ///   - digest: the digest of the content at a URL, if the user knows it.
    /// - Returns: the plan for `run`.
    /// - Throws: `.unknown`, `.refused` or `.unreachable`, depending on the hub's answer.
    package func plan(
        _ reference: PullReference, revision: String? = nil, takesProjector: Bool = true, digest: ContentDigest? = nil
    ) async throws(RegistryError) -> PullPlan {
        switch reference {
        case .address(let url):
            let name = Files.lastName(of: String(url.target.prefix { $0 != "?" }))
            guard name.hasSuffix(".gguf") else {
                throw RegistryError(.usage, "\(url.shown) is not a .gguf file")
            }
            return PullPlan(
                reference: HubReference(repository: url.host), source: url.shown,
                suggestedName: ModelName.suggested(for: name),
                files: [
                    .init(
                        role: .weights, path: name, bytes: await self.size(of: url, digest), digest: digest, url: url,
                        isSizeListed: false)
                ])
        case .hub(var hub):
            if let revision { hub.revision = revision }
            return try await self.plan(hub, takesProjector: takesProjector)
        }
    }

    private func plan(_ hub: HubReference, takesProjector: Bool) async throws(RegistryError) -> PullPlan {
        let listing: HubListing
        do {
            listing = try await self.client.listing(hub)
        } catch {
            throw self.client.told(error, self.client.settings.endpoint)
        }
        let selection = try HubSelection(hub.selection, in: listing, repository: hub.repository)
        var files: [PullPlan.File] = []
        func add(_ file: HubListing.File, _ role: ModelRecord.File.Role) throws(RegistryError) {
            let url = try self.client.url(hub, commit: listing.commit, path: file.path)
            files.append(.init(role: role, path: file.path, bytes: file.bytes, digest: file.sha256, url: url))
        }
        for file in selection.weights { try add(file, .weights) }
        if takesProjector, let projector = selection.projector { try add(projector, .projector) }
        return PullPlan(
            reference: hub, source: hub.text, license: listing.license,
            suggestedName: ModelName.suggested(for: Files.lastName(of: selection.weights[0].path)), files: files)
    }

    /// Downloads the files of a plan that are missing, verifies them, and adds the model.
    ///
    /// May be interrupted at any time and repeated: downloaded parts are kept.
    package func run(
        _ plan: PullPlan, name: String, replaces: Bool = false,
        report: @escaping @Sendable (TransferReport) -> Void = { _ in }
    ) async throws(RegistryError) -> ModelRecord {
        try ModelName.check(name)
        if !replaces, let record = try self.registry.record(named: name) {
            return try self.existing(record, plan)
        }
        try Disk.createDirectory(self.registry.partial)
        try self.checkSpace(plan)
        var files: [ModelRecord.File] = []
        var staged: [ContentDigest: String] = [:]
        var before: Int64 = 0
        // Each download holds its file's lock until the file is in the registry; otherwise another process could take
        // over the file.
        var downloads: [FileDownload] = []
        for file in plan.files {
            let fileName = Files.lastName(of: file.path)
            let listedBytes = file.isSizeListed ? file.bytes : nil
            let start = before
            let tell: @Sendable (Int64) -> Void = { done in
                report(
                    TransferReport(
                        activity: "fetching", fileName: fileName, doneBytes: start + done, totalBytes: plan.bytes))
            }
            if let digest = file.digest, let bytes = Files.facts(self.registry.blobPath(digest))?.bytes,
                bytes == listedBytes ?? bytes
            {
                files.append(.init(role: file.role, digest: digest, bytes: bytes, name: fileName))
                before += bytes
                tell(bytes)
                continue
            }
            let target = FileDownload.Target(name: fileName, url: file.url, bytes: listedBytes, digest: file.digest)
            var download = try FileDownload(
                target, reference: plan.reference, client: self.client, directory: self.registry.partial, report: tell)
            let (path, digest) = try await download.run()
            downloads.append(download)
            let bytes = Files.facts(path)?.bytes ?? 0
            staged[digest] = path
            files.append(.init(role: file.role, digest: digest, bytes: bytes, name: fileName))
            before += bytes
        }
        return try withExtendedLifetime(downloads) { () throws(RegistryError) in
            try self.take(plan, name: name, files: files, staged: staged, replaces: replaces)
        }
    }

    /// Handles an existing model of that name, which may be the same or another one.
    private func existing(_ record: ModelRecord, _ plan: PullPlan) throws(RegistryError) -> ModelRecord {
        let isSame = plan.files.map(\.digest) == record.files.map(\.digest)
        guard isSame else {
            throw RegistryError(
                .usage,
                "the model \(record.name) exists already, with other content; choose another name with --name, or "
                    + "replace it with --replace")
        }
        _ = try self.registry.paths(record)
        return record
    }

    private func take(
        _ plan: PullPlan, name: String, files: [ModelRecord.File], staged: [ContentDigest: String], replaces: Bool
    ) throws(RegistryError) -> ModelRecord {
        let weights = files.filter { $0.role == .weights }.map {
            staged[$0.digest] ?? self.registry.blobPath($0.digest)
        }
        let inspection: ModelInspection
        do throws(RegistryError) {
            inspection = try ModelInspection(weights: weights)
        } catch {
            for path in staged.values { try Disk.remove(path) }
            throw error
        }
        let record = ModelRecord(
            name: name, kind: inspection.kind, files: files, facts: inspection.facts, source: plan.source,
            license: plan.license ?? inspection.license, added: self.registry.clock.now())
        return try self.registry.add(record, staged: staged, replaces: replaces)
    }

    /// Checks that the disk has space for the remaining downloads.
    private func checkSpace(_ plan: PullPlan) throws(RegistryError) {
        var needed: Int64 = 0
        for file in plan.files {
            guard let bytes = file.bytes else { continue }
            if let digest = file.digest, Files.facts(self.registry.blobPath(digest)) != nil { continue }
            // What an interrupted download has left is continued or replaced.
            let target = FileDownload.Target(name: file.path, url: file.url, bytes: nil, digest: file.digest)
            let have = Files.facts("\(self.registry.partial)/\(FileDownload.fileName(target))")?.bytes ?? 0
            needed += max(0, bytes - have)
        }
        try Self.checkSpace(needed, at: self.registry.partial)
    }

    /// - Throws: `.noSpace` with both sizes.
    static func checkSpace(_ needed: Int64, at path: String) throws(RegistryError) {
        let free = try Disk.freeBytes(path)
        guard needed + Self.reserveBytes <= free || needed == 0 else {
            throw RegistryError(
                .noSpace,
                "the disk of \(path) has \(ByteCount.text(free)) free, but \(ByteCount.text(needed)) are needed and "
                    + "\(ByteCount.text(Self.reserveBytes)) must stay free. Remove models with `brume model remove`, "
                    + "or put the data directory on a larger disk")
        }
    }
}
