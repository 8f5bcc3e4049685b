package import Primitives

/// The inline policies of users, in a file that only its owner can read.
///
/// One line for each policy, tab-separated: account, user, name, and the text in base64. A user whose last policy was
/// deleted keeps a line of account and user alone, and is denied everything; a user without any line may do everything
/// in the account, unless its keys say that it had policies (`AccessKey.isRestricted`). The first line names the
/// format. The file is replaced as a whole, under the lock of the access keys.
package struct UserPolicyFile: Sendable {
    /// The inline policies of each user, by user. A user who is missing is unrestricted; one with an empty list is
    /// denied everything.
    package typealias Policies = [UserReference: [InlinePolicy]]

    /// A larger file is refused.
    package static let bytesMax = 4 << 20
    package static let header = "brume-user-policies 1"

    package let path: String
    private let random: any RandomSource

    package init(path: String, random: any RandomSource) {
        self.path = path
        self.random = random
    }

    /// - Returns: no policies when the file does not exist.
    package func read() throws(UserPolicyFileError) -> Policies {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(self.path, bytesMax: Self.bytesMax)
        } catch .absent {
            return [:]
        } catch {
            throw .file(error)
        }
        return try Self.policies(in: String(decoding: bytes, as: UTF8.self)[...], path: self.path)
    }

    /// Parses a file's text; `path` is only named in errors.
    /// - Throws: `unreadable`, with the line.
    static func policies(in text: Substring, path: String) throws(UserPolicyFileError) -> Policies {
        let lines = text.split(separator: "\n" as Character, omittingEmptySubsequences: false)
        guard lines.first == Self.header[...], lines.last?.isEmpty == true else {
            throw .unreadable(line: 1, path: path)
        }
        var policies: Policies = [:]
        for (index, line) in lines.enumerated().dropFirst().dropLast() {
            guard let (user, policy) = Self.parse(line) else { throw .unreadable(line: index + 1, path: path) }
            policies[user, default: []] += policy.map { [$0] } ?? []
        }
        return policies
    }

    private static func parse(_ line: Substring) -> (UserReference, InlinePolicy?)? {
        let parts = line.split(separator: "\t" as Character, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 4, let account = AccountID(parts[0]), !parts[1].isEmpty else {
            return nil
        }
        let user = UserReference(account: account, name: parts[1])
        guard parts.count == 4 else { return (user, nil) }
        guard let bytes = Base64.decode(parts[3].utf8),
            let policy = try? InlinePolicy(name: parts[2], text: String(decoding: bytes, as: UTF8.self))
        else { return nil }
        return (user, policy)
    }

    package func write(_ policies: Policies) throws(UserPolicyFileError) {
        let bytes = Array(Self.text(policies).utf8)
        guard bytes.count <= Self.bytesMax else { throw .tooLarge }
        do {
            try Files.createDirectories(above: self.path)
            let suffix = Hex.encode(self.random.bytes(8))
            try Files.replace(self.path, with: bytes, mode: 0o600, temporarySuffix: suffix)
        } catch {
            throw .file(error)
        }
    }

    /// The file's text for these policies. Deterministic: equal policies give equal texts.
    package static func text(_ policies: Policies) -> String {
        var lines = [self.header]
        let users = policies.keys.sorted { ($0.account.description, $0.name) < ($1.account.description, $1.name) }
        for user in users {
            let start = "\(user.account)\t\(user.name)"
            let own = policies[user, default: []].sorted { $0.name < $1.name }
            if own.isEmpty { lines.append(start) }
            for policy in own { lines.append("\(start)\t\(policy.name)\t\(Base64.encode(Array(policy.text.utf8)))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Why the policies could not be read or written.
package enum UserPolicyFileError: Error, Sendable, Equatable {
    case file(FileError)
    /// The line (from 1) is damaged.
    case unreadable(line: Int, path: String)
    case tooLarge

    /// A sentence for the operator, with the remedy.
    package var sentence: String {
        switch self {
        case .file(let error):
            return error.sentence
        case .unreadable(let line, let path):
            return
                "\(path), line \(line) cannot be read: it is damaged. Restore it from a backup, or remove it and put "
                + "the policies again: until then the users that had some may do nothing."
        case .tooLarge:
            return "the policies of all users take more than \(UserPolicyFile.bytesMax) bytes; delete some first"
        }
    }
}
