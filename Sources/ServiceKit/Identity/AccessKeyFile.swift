package import Primitives
package import Signing

/// The access keys of a data directory, in a file that only its owner can read, with sealed secrets.
///
/// One line for each key, tab-separated: id, account, user or `-`, `active`/`inactive`, use, creation in milliseconds
/// since 1970, sealed secret in base64. The use is `any` or `loopback`; for a bearer key it is `bedrock`, or
/// `bedrock-until-` followed by the expiry in milliseconds since 1970. The line of a user that has policies ends in
/// another field, `restricted`. The first line names the format. The file is replaced as a whole; command line and
/// server exclude each other with `flock`.
package struct AccessKeyFile: Sendable {
    /// A file with more keys is refused.
    package static let keyCountMax = 10_000
    /// A larger file is refused: it has no more keys, and is read on an event loop.
    package static let bytesMax = 8 << 20
    static let header = "brume-access-keys 1"

    package let path: String
    private let box: SecretBox
    private let random: any RandomSource

    package init(path: String, box: SecretBox, random: any RandomSource) {
        self.path = path
        self.box = box
        self.random = random
    }

    /// - Returns: no keys when the file does not exist.
    package func read() throws(AccessKeyFileError) -> [AccessKey] {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(self.path, bytesMax: Self.bytesMax)
        } catch .absent {
            return []
        } catch {
            throw .file(error)
        }
        return try Self.keys(in: String(decoding: bytes, as: UTF8.self), path: self.path, box: self.box)
    }

    /// Parses a file's text; `path` is only named in errors.
    /// - Throws: `unreadable`, with the line.
    static func keys(in text: String, path: String, box: SecretBox) throws(AccessKeyFileError) -> [AccessKey] {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { String($0) ?? "" }
        guard lines.first == Self.header else { throw .unreadable(line: 1, path: path) }
        var keys: [AccessKey] = []
        for (index, line) in lines.enumerated().dropFirst() {
            guard let key = Self.parse(line, box) else { throw .unreadable(line: index + 1, path: path) }
            keys.append(key)
        }
        return keys
    }

    package func write(_ keys: [AccessKey]) throws(AccessKeyFileError) {
        guard keys.count <= Self.keyCountMax else { throw .tooManyKeys }
        let text = Self.text(keys, box: self.box)
        do {
            try Files.createDirectories(above: self.path)
            let suffix = Hex.encode(self.random.bytes(8))
            try Files.replace(self.path, with: Array(text.utf8), mode: 0o600, temporarySuffix: suffix)
        } catch {
            throw .file(error)
        }
    }

    /// The file's text for these keys, with secrets sealed by `box`.
    package static func text(_ keys: [AccessKey], box: SecretBox) -> String {
        var text = Self.header + "\n"
        for key in keys {
            let sealed = box.seal(Array(key.secretAccessKey.utf8), context: key.accessKeyID)
            let parts =
                [
                    key.accessKeyID, key.account.description, key.userName ?? "-", key.isActive ? "active" : "inactive",
                    Self.use(key), String(key.creation.millisecondsSinceEpoch),
                    Base64.encode(sealed),
                ] + (key.isRestricted ? [Self.restricted] : [])
            text += parts.joined(separator: "\t") + "\n"
        }
        return text
    }

    private static let restricted = "restricted"
    private static let bedrock = "bedrock"
    private static let bedrockUntil = "bedrock-until-"

    private static func use(_ key: AccessKey) -> String {
        switch key.kind {
        case .signing: key.isLoopbackOnly ? "loopback" : "any"
        case .bedrock(nil): self.bedrock
        case .bedrock(let expiration?): "\(self.bedrockUntil)\(expiration.millisecondsSinceEpoch)"
        }
    }

    private static func kind(_ use: String) -> AccessKey.Kind? {
        if use == self.bedrock { return .bedrock(expiration: nil) }
        guard use.hasPrefix(self.bedrockUntil) else { return .signing }
        let text = use.dropFirst(self.bedrockUntil.utf8.count)
        return Int64(text).map { .bedrock(expiration: Timestamp(millisecondsSinceEpoch: $0)) }
    }

    private static func parse(_ line: String, _ box: SecretBox) -> AccessKey? {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 7 || (parts.count == 8 && parts[7] == Self.restricted), let account = AccountID(parts[1]),
            let creation = Int64(parts[5]),
            let sealed = Base64.decode(parts[6].utf8), let secret = box.open(sealed, context: parts[0]),
            let kind = Self.kind(parts[4])
        else { return nil }
        return AccessKey(
            accessKeyID: parts[0],
            secretAccessKey: String(decoding: secret, as: UTF8.self),
            account: account,
            userName: parts[2] == "-" ? nil : parts[2],
            isActive: parts[3] == "active",
            creation: Timestamp(millisecondsSinceEpoch: creation),
            isLoopbackOnly: parts[4] == "loopback",
            kind: kind,
            isRestricted: parts.count == 8
        )
    }
}

/// Why the keys could not be read or written.
package enum AccessKeyFileError: Error, Sendable, Equatable {
    case file(FileError)
    /// The line (from 1) is damaged, or was sealed with another secret box.
    case unreadable(line: Int, path: String)
    case tooManyKeys

    /// A sentence for the operator, with the remedy.
    package var sentence: String {
        switch self {
        case .file(let error):
            return error.sentence
        case .unreadable(let line, let path):
            return "\(path), line \(line) cannot be read: it is damaged, or seal.key beside it is not the one that "
                + "sealed it. Restore both files from a backup, or remove \(path) to have a new root key made."
        case .tooManyKeys:
            return "there are \(AccessKeyFile.keyCountMax) access keys already; delete some first"
        }
    }
}
