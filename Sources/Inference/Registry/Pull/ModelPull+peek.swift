internal import NIOCore
internal import Primitives

extension ModelPull {
    /// Bytes to read from the beginning of a file: most models' metadata and tensor table end within the first size, a
    /// large vocabulary needs more.
    private static let peekBytes = [4 << 20, 16 << 20, 64 << 20]

    /// The maximum number of attempts after lost connections.
    private static let peekTries = 3

    /// A model's metadata, from the first bytes of its file: read before anything is downloaded, to predict whether the
    /// model fits.
    /// - Returns: nil when it is not available: for a model in several files, an unknown size, or a host without range
    ///   requests. A pull finds the same at its end, or why the file is not a model.
    package func beginning(_ plan: PullPlan) async -> GGUFFile? {
        let weights = plan.files.filter { $0.role == .weights }
        guard weights.count == 1, let file = weights.first, let total = file.bytes else { return nil }
        if let digest = file.digest, Files.facts(self.registry.blobPath(digest)) != nil {
            return try? GGUFFile.open(self.registry.blobPath(digest))
        }
        guard let area = try? self.registry.stagedFiles() else { return nil }
        defer { withExtendedLifetime(area) {} }
        let path = area.path(.peek, Hex.encode(SystemRandomSource().bytes(8)))
        defer { try? Disk.remove(path) }
        for count in Self.peekBytes {
            guard let bytes = await self.beginning(of: file.url, count: min(count, Int(clamping: total))) else {
                return nil
            }
            if let file = Self.file(bytes, total: total, at: path) { return file }
            // More of it would help only with a file that is a model's.
            guard bytes.starts(with: GGUFPart.magic), Int64(bytes.count) < total else { return nil }
        }
        return nil
    }

    /// The size of the file at an address, for which there is no listing.
    /// - Returns: nil when the host does not say it, or does not answer: the download then finds out why.
    func size(of url: FetchURL, _ digest: ContentDigest?) async -> Int64? {
        if let digest, let facts = Files.facts(self.registry.blobPath(digest)) { return facts.bytes }
        return try? await self.client.get(url, [("Range", "bytes=0-0")]) { head, _ in
            let bytes: Int64? =
                switch head.status {
                case 206: head.first("content-range").flatMap(ContentRange.init)?.total
                case 200: head.first("content-length").flatMap { Int64($0) }
                default: nil
                }
            guard let bytes, (0...Int64(HubListing.fileBytesMax)).contains(bytes) else {
                throw FetchError.cut("no size")
            }
            return bytes
        }
    }

    private func beginning(of url: FetchURL, count: Int) async -> [UInt8]? {
        for _ in 0..<Self.peekTries {
            let bytes = try? await self.client.get(url, [("Range", "bytes=0-\(count - 1)")]) { head, body in
                guard head.status == 206 || head.status == 200 else { throw FetchError.cut("status \(head.status)") }
                var bytes: [UInt8] = []
                while bytes.count < count, let piece = try await body.next() {
                    bytes.append(contentsOf: piece.readableBytesView)
                }
                return Array(bytes.prefix(count))
            }
            if let bytes { return bytes }
        }
        return nil
    }

    /// The parser requires a file of the full size: the rest is a hole, which takes no space.
    private static func file(_ bytes: [UInt8], total: Int64, at path: String) -> GGUFFile? {
        do throws(RegistryError) {
            let file = try OpenFile(appendingTo: path)
            try file.truncate(to: 0)
            try file.append(bytes[...])
            try file.truncate(to: total)
        } catch {
            return nil
        }
        return try? GGUFFile.open(path)
    }
}
