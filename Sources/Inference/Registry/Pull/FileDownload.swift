internal import Crypto
internal import NIOCore
internal import Primitives

/// Downloads one file from the hub.
///
/// It is written in `partial` under the name of its digest, with a lock, and can be interrupted at any time: the next
/// pull resumes. The final check is the digest of the whole content, whichever process downloaded it.
struct FileDownload {
    /// The file's display name, its URL, and its expected content.
    struct Target: Sendable, Equatable {
        var name: String
        var url: FetchURL
        var bytes: Int64?
        /// nil if it is unknown.
        var digest: ContentDigest?
    }

    let target: Target
    let reference: HubReference
    let client: HubClient
    /// Called with the number of bytes downloaded so far.
    let report: @Sendable (Int64) -> Void

    private var file: OpenFile
    private var hash = SHA256()
    private var progress: DownloadProgress
    /// The ETag of the existing content, for `If-Range`.
    private var etag: String?
    /// Whether the file contains bytes from an earlier download.
    private var hasOldBytes: Bool

    /// Opens and reads the result of an earlier download. Blocks.
    init(
        _ target: Target, reference: HubReference, client: HubClient, directory: String,
        report: @escaping @Sendable (Int64) -> Void
    ) throws(RegistryError) {
        self.target = target
        self.reference = reference
        self.client = client
        self.report = report
        self.file = try Self.open("\(directory)/\(Self.fileName(target))", name: target.name)
        if target.digest == nil || self.file.bytes > target.bytes ?? .max { try self.file.truncate(to: 0) }
        self.progress = DownloadProgress(
            name: target.name, totalBytes: target.bytes, haveBytes: self.file.bytes, isKept: target.digest != nil,
            fruitlessCountMax: client.fruitlessCountMax)
        self.hasOldBytes = self.file.bytes > 0
        var hash = SHA256()
        try self.file.forEachPiece(report) { piece in hash.update(data: piece) }
        self.hash = hash
    }

    static func fileName(_ target: Target) -> String {
        target.digest?.fileName ?? "address-\(ContentDigest(of: Array(target.url.description.utf8)).hex)"
    }

    private static func open(_ path: String, name: String) throws(RegistryError) -> OpenFile {
        // A process that finishes the download may move the file away between opening and locking; try again for each.
        for _ in 0..<8 {
            let file = try OpenFile(appendingTo: path)
            guard try file.lock() else { break }
            if file.isStillNamed { return file }
        }
        throw RegistryError(
            .busy, "another process is fetching \(name); run the command again when it has finished")
    }

    /// Downloads what is missing.
    /// - Returns: the file, synced, and its digest.
    mutating func run() async throws(RegistryError) -> (path: String, digest: ContentDigest) {
        while true {
            if !self.progress.isComplete { try await self.fetchAll() }
            try self.file.sync()
            let digest = ContentDigest(self.hash.finalize())
            guard let expected = self.target.digest, expected != digest else { return (self.file.path, digest) }
            // The bytes of an earlier download may be damaged: the whole file is downloaded again once.
            guard self.hasOldBytes else {
                try Disk.remove(self.file.path)
                throw RegistryError(
                    .damaged,
                    "\(self.target.name) was discarded: its digest is \(digest.hex), but \(expected.hex) was "
                        + (self.client.isHub(self.target.url)
                            ? "announced. Try again, or use another mirror (HF_ENDPOINT)"
                            : "given. Try again, or correct the digest"))
            }
            try self.startOver()
            self.progress = DownloadProgress(
                name: self.target.name, totalBytes: self.target.bytes, haveBytes: 0,
                fruitlessCountMax: self.client.fruitlessCountMax)
        }
    }

    private mutating func fetchAll() async throws(RegistryError) {
        while true {
            let end: DownloadProgress.End
            do {
                end = try await self.fetchOnce()
            } catch let error as PermanentFailure {
                throw error.error
            } catch {
                switch error {
                case is CancellationError: throw RegistryError(.busy, "broken off")
                case let error as RegistryError: throw error
                case let retry as HubRetry:
                    end = self.patient(self.progress.failed(retry.error), retry.waitMilliseconds)
                case FetchError.untrusted: throw self.client.told(error, self.target.url)
                default: end = self.progress.failed(self.client.told(error, self.target.url))
                }
            }
            switch end {
            case .complete: return
            case .fail(let error): throw error
            case .again(let pause):
                if let trouble = self.progress.trouble { self.client.again(trouble, pause) }
                do {
                    try await self.client.pause(pause)
                } catch {
                    throw RegistryError(.busy, "broken off")
                }
            }
        }
    }

    private func patient(_ end: DownloadProgress.End, _ wait: Int?) -> DownloadProgress.End {
        guard case .again(let pause) = end else { return end }
        return .again(pauseMilliseconds: max(pause, wait ?? 0))
    }

    /// Makes one request and reads until its connection ends.
    private mutating func fetchOnce() async throws -> DownloadProgress.End {
        var headers: [(String, String)] = []
        // Without digest and ETag nothing would tell whether the rest is of the same content.
        if let range = self.progress.range, self.target.digest != nil || self.etag != nil {
            headers.append(("Range", range))
            if let etag = self.etag { headers.append(("If-Range", etag)) }
        }
        // The closure changes a copy, which is written back in any case; nothing else accesses it meanwhile.
        var state = self
        defer { self = state }
        let reference = self.reference
        let client = self.client
        return try await self.client.get(self.target.url, headers) { head, body in
            guard [200, 206, 416].contains(head.status) else {
                throw Self.refusal(head, reference, client.settings)
            }
            if try state.begins(head) { return .complete }
            do {
                while let piece = try await body.next() { try state.take(piece) }
            } catch let error as PermanentFailure {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                return state.progress.end(client.told(HTTPFetch.translated(error), head.url))
            }
            return state.progress.end(nil)
        }
    }

    /// A signed URL of a CDN is valid for some minutes: after a refusal there, the hub is asked again.
    private static func refusal(_ head: FetchHead, _ reference: HubReference, _ settings: HubSettings) -> any Error {
        let error = HubRefusal(head, attempt: 1).error(reference, settings)
        guard head.url.origin != settings.endpoint.origin, let refused = error as? RegistryError,
            refused.reason == .refused
        else { return error }
        return HubRetry(
            error: RegistryError(.unreachable, "\(head.url.origin) refuses the download (status \(head.status))"))
    }

    /// - Returns: whether the file is already complete.
    private mutating func begins(_ head: FetchHead) throws -> Bool {
        try self.forgetOther(head)
        let begin = self.progress.begin(
            status: head.status, contentRange: head.first("content-range"),
            contentLength: head.first("content-length").flatMap { Int64($0) })
        switch begin {
        case .append: break
        case .restart: try self.startOver()
        case .complete: return true
        case .fail(let error): throw PermanentFailure(error: error)
        }
        guard head.status != 416 else { throw FetchError.cut("the host does not have that part of the file") }
        self.etag = head.first("etag").flatMap { $0.hasPrefix("W/") ? nil : $0 }
        return false
    }

    /// Starts over if the host now has other content: without a digest to check, a piece of it must not be appended to
    /// what has been downloaded. Some hosts send it in spite of `If-Range`.
    private mutating func forgetOther(_ head: FetchHead) throws {
        guard self.target.digest == nil, let etag = self.etag, let other = head.first("etag"), other != etag else {
            return
        }
        self.etag = nil
        self.progress.startOver(totalBytes: self.target.bytes)
        try self.startOver()
        if head.status != 200 { throw FetchError.cut("\(self.target.name) has changed there in the meantime") }
    }

    private mutating func startOver() throws(RegistryError) {
        try self.file.truncate(to: 0)
        self.hash = SHA256()
        self.hasOldBytes = false
    }

    private mutating func take(_ piece: ByteBuffer) throws {
        if let error = self.progress.receive(piece.readableBytes) { throw PermanentFailure(error: error) }
        do throws(RegistryError) {
            let bytes = Array(piece.readableBytesView)
            self.hash.update(data: bytes)
            try self.file.append(bytes[...])
        } catch {
            throw PermanentFailure(error: error)
        }
        self.report(self.progress.haveBytes)
    }
}

/// An error that another attempt would repeat.
private struct PermanentFailure: Error {
    var error: RegistryError
}
