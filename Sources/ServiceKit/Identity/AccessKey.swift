package import Primitives
package import ServiceModel

/// A long-term access key, as it is stored.
package struct AccessKey: Sendable, Equatable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var account: AccountID
    /// The name of the user; nil for the account's root.
    package var userName: String?
    package var isActive: Bool
    package var creation: Timestamp
    /// Whether only clients on this machine may use it: true for the well-known `test`/`test`.
    package var isLoopbackOnly: Bool
    package var kind: Kind
    /// Whether its user had policies when the key was last written. If none are found for the user, they were lost, and
    /// the user may do nothing.
    package var isRestricted: Bool

    /// What a key can be used for.
    package enum Kind: Sendable, Equatable {
        /// It signs requests.
        case signing
        /// A long-term bearer key of Bedrock, valid until `expiration`; nil: without end.
        case bedrock(expiration: Timestamp?)
    }

    package init(
        accessKeyID: String,
        secretAccessKey: String,
        account: AccountID,
        userName: String? = nil,
        isActive: Bool = true,
        creation: Timestamp,
        isLoopbackOnly: Bool = false,
        kind: Kind = .signing,
        isRestricted: Bool = false
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.account = account
        self.userName = userName
        self.isActive = isActive
        self.creation = creation
        self.isLoopbackOnly = isLoopbackOnly
        self.kind = kind
        self.isRestricted = isRestricted
    }

    /// Whether the keys differ in nothing but the time of their creation.
    package func isSame(as other: AccessKey) -> Bool {
        var other = other
        other.creation = self.creation
        return self == other
    }

    /// The user that the key belongs to; nil for the account's root.
    package var user: UserReference? { self.userName.map { UserReference(account: self.account, name: $0) } }

    /// Letters, digits, `_` and `-`, 1...128 bytes, no `-` first: AWS's own rule is 16...128 `\w`, but suites written
    /// for other emulators have `test` and `fake-key`.
    package static func isLawfulID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && !text.hasPrefix("-")
            && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "_-".utf8.contains($0) }
    }

    /// The rule of `isLawfulID` as part of a sentence.
    package static let idRule = "1 to 128 letters, digits, underscores and hyphens, with no hyphen first"

    /// Visible ASCII, 1...128 bytes.
    package static func isLawfulSecret(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// A key with AWS's shapes: `AKIA` and 16 characters, a secret of 40.
    package static func generate(account: AccountID, random: any RandomSource, now: Timestamp) -> AccessKey {
        AccessKey(
            accessKeyID: "AKIA" + Self.identifier(random),
            secretAccessKey: Base64.encode(random.bytes(30)),
            account: account,
            creation: now
        )
    }

    /// A bearer key of Bedrock with AWS's shapes. Its id is built from user and account, as the alias is in IAM.
    package static func generateBedrock(
        account: AccountID, userName: String?, isTaken: (String) -> Bool, expiration: Timestamp?,
        random: any RandomSource, now: Timestamp
    ) -> AccessKey {
        let userName = userName ?? "BedrockAPIKey-" + Self.identifier(random).prefix(4).lowercased()
        var name = "\(userName)-at-\(account)"
        var number = 0
        while isTaken(name) {
            number += 1
            name = "\(userName)+\(number)-at-\(account)"
        }
        return AccessKey(
            accessKeyID: name, secretAccessKey: Base64.encode(random.bytes(36)), account: account, userName: userName,
            creation: now, kind: .bedrock(expiration: expiration))
    }

    /// Sixteen characters of AWS's id alphabet (base32).
    static func identifier(_ random: any RandomSource) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        return String(decoding: random.bytes(16).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
    }

    /// The principal that the key authenticates.
    package var principal: Principal {
        guard let userName = self.userName else {
            return Principal(
                kind: .root,
                account: self.account,
                arn: "arn:aws:iam::\(self.account):root",
                userID: self.account.description,
                accessKeyID: self.accessKeyID
            )
        }
        return Principal(
            kind: .user,
            account: self.account,
            arn: "arn:aws:iam::\(self.account):user/\(userName)",
            userID: "AIDA" + userName,
            accessKeyID: self.accessKeyID
        )
    }
}
