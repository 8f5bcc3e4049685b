/// The state of a download; determines the effect of each response and each end of a connection. Pure: `FileDownload`
/// performs the actions.
package struct DownloadProgress: Sendable, Equatable {
    /// The default limit for consecutive attempts without progress.
    package static let fruitlessCountMax = 6
    /// The limit for all attempts: a host that delivers a little each time is given up eventually.
    static let attemptCountMax = 500
    /// The longest pause between two attempts.
    static let pauseMillisecondsMax = 20_000

    /// The effect of a response.
    package enum Begin: Sendable, Equatable {
        /// The body continues at the end of the file.
        case append
        /// The body starts from the beginning: discard the file's content.
        case restart
        /// The file is already complete.
        case complete
        case fail(RegistryError)
    }

    /// The effect of the end of a connection.
    package enum End: Sendable, Equatable {
        case complete
        case again(pauseMilliseconds: Int)
        case fail(RegistryError)
    }

    /// For messages.
    let name: String
    /// The size according to the hub; nil until a response contains it.
    package private(set) var totalBytes: Int64?
    package private(set) var haveBytes: Int64
    /// Why the last connection ended early.
    private(set) var trouble: RegistryError?
    /// Whether a later pull resumes with the bytes of this one.
    private let isKept: Bool
    private let fruitlessCountMax: Int
    private var attempts = 0
    private var fruitless = 0
    private var haveAtBegin: Int64 = 0

    package init(
        name: String, totalBytes: Int64?, haveBytes: Int64, isKept: Bool = true,
        fruitlessCountMax: Int = DownloadProgress.fruitlessCountMax
    ) {
        self.name = name
        self.isKept = isKept
        self.fruitlessCountMax = fruitlessCountMax
        self.totalBytes = totalBytes
        self.haveBytes = haveBytes
        // A file larger than the content cannot be part of it.
        if let totalBytes, haveBytes > totalBytes { self.haveBytes = 0 }
    }

    package var isComplete: Bool { self.totalBytes == self.haveBytes }

    /// The value of `Range`; nil to request everything.
    package var range: String? { self.haveBytes > 0 ? "bytes=\(self.haveBytes)-" : nil }

    /// Handles the head of a response with a success status, or 416.
    package mutating func begin(status: Int, contentRange: String?, contentLength: Int64?) -> Begin {
        self.attempts += 1
        self.haveAtBegin = self.haveBytes
        switch status {
        case 206: return self.beginRange(contentRange, contentLength)
        case 416:
            if self.isComplete { return .complete }
            self.haveBytes = 0
            return .restart
        default:
            self.haveBytes = 0
            if let contentLength {
                if let totalBytes, contentLength != totalBytes {
                    return .fail(self.wrongSize(contentLength, totalBytes))
                }
                self.totalBytes = contentLength
            }
            return .restart
        }
    }

    private mutating func beginRange(_ contentRange: String?, _ contentLength: Int64?) -> Begin {
        guard let range = contentRange.flatMap(ContentRange.init) else {
            return .fail(RegistryError(.unreachable, "the host sends a part of \(self.name) without its range"))
        }
        if let said = range.total {
            if let totalBytes, said != totalBytes { return .fail(self.wrongSize(said, totalBytes)) }
            self.totalBytes = said
        }
        guard range.first == self.haveBytes else {
            return .fail(
                RegistryError(
                    .unreachable,
                    "the host sends \(self.name) from byte \(range.first) instead of byte \(self.haveBytes)")
            )
        }
        return .append
    }

    /// Discards what has been downloaded and its size, because the host now has other content.
    /// - Parameter totalBytes: the size, if it is known from elsewhere.
    package mutating func startOver(totalBytes: Int64?) {
        self.haveBytes = 0
        self.totalBytes = totalBytes
    }

    /// Bytes have come.
    /// - Returns: an error when they are more than there can be.
    package mutating func receive(_ count: Int) -> RegistryError? {
        if let totalBytes, self.haveBytes + Int64(count) > totalBytes {
            return RegistryError(
                .damaged, "the host sends more than the \(totalBytes) bytes of \(self.name)")
        }
        self.haveBytes += Int64(count)
        return nil
    }

    /// Handles the end of a connection; `error` is nil if the body ended normally.
    package mutating func end(_ error: RegistryError?) -> End {
        if error == nil {
            // Without a length, the end of the body is the end of the file.
            if self.totalBytes == nil { self.totalBytes = self.haveBytes }
            if self.isComplete { return .complete }
        }
        let error = error ?? RegistryError(.unreachable, "the host sent only a part of \(self.name)")
        self.trouble = error
        self.fruitless = self.haveBytes > self.haveAtBegin ? 0 : self.fruitless + 1
        self.haveAtBegin = self.haveBytes
        guard self.fruitless < self.fruitlessCountMax, self.attempts < Self.attemptCountMax else {
            guard self.isKept, self.haveBytes > 0 else { return .fail(error) }
            return .fail(
                RegistryError(
                    error.reason,
                    error.sentence + "; the downloaded part is kept: run the same command again to continue"))
        }
        return .again(pauseMilliseconds: min(500 << min(self.fruitless, 16), Self.pauseMillisecondsMax))
    }

    /// Handles an attempt without a response.
    package mutating func failed(_ error: RegistryError) -> End {
        self.attempts += 1
        self.haveAtBegin = self.haveBytes
        return self.end(error)
    }

    private func wrongSize(_ said: Int64, _ expected: Int64) -> RegistryError {
        RegistryError(
            .damaged,
            "\(self.name) has \(said) bytes according to the host, but \(expected) according to the hub; not fetched")
    }
}

/// `Content-Range: bytes 100-199/1000`
/// - Source: RFC 9110, section 14.4.
struct ContentRange: Sendable, Equatable {
    var first: Int64
    var last: Int64
    /// nil for `*`.
    var total: Int64?

    init?(_ text: String) {
        guard text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), first >= 0,
            last >= first
        else { return nil }
        self.first = first
        self.last = last
        if parts[1] == "*" { return }
        guard let total = Int64(parts[1]), last < total else { return nil }
        self.total = total
    }
}
