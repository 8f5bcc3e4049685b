/// An AWS account: twelve decimal digits.
package struct AccountID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Returns: nil unless the text is twelve decimal digits.
    package init?(_ text: String) {
        guard text.utf8.count == 12, text.utf8.allSatisfy(ASCII.isDigit) else { return nil }
        self.description = text
    }

    private init(trusted: String) {
        self.description = trusted
    }

    /// The account of the root key that the first start creates.
    package static let standard = AccountID(trusted: "000000000000")
}

/// An AWS region, such as `eu-central-1`; any well-formed name is accepted and has state of its own.
package struct Region: Sendable, Hashable, CustomStringConvertible {
    /// Longest accepted name; AWS's longest is 25 characters.
    package static let utf8CountMax = 40

    package let description: String

    /// - Returns: nil unless the text is 1...40 lower-case letters, digits and hyphens.
    package init?(_ text: String) {
        guard (1...Self.utf8CountMax).contains(text.utf8.count), Self.isLawful(text.utf8.span) else { return nil }
        self.description = text
    }

    // Over the span: a closure over `utf8` is generic code that is not specialised.
    private static func isLawful(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            let byte = text[index]
            guard (byte >= 0x61 && byte <= 0x7A) || ASCII.isDigit(byte) || byte == 0x2D else { return false }
        }
        return true
    }

    private init(trusted: String) {
        self.description = trusted
    }

    /// Where a request without a scope goes.
    package static let standard = Region(trusted: "us-east-1")

    /// `aws`, `aws-cn` or `aws-us-gov`, as ARNs of this region begin.
    package var partition: String {
        if self.description.hasPrefix("cn-") { return "aws-cn" }
        if self.description.hasPrefix("us-gov-") { return "aws-us-gov" }
        return "aws"
    }
}

/// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
package struct ARN: Sendable, Equatable, CustomStringConvertible {
    package var partition: String
    package var service: String
    /// Empty for global services.
    package var region: String
    /// Empty where the service has none (S3 buckets).
    package var account: String
    package var resource: String

    package init(partition: String, service: String, region: String, account: String, resource: String) {
        self.partition = partition
        self.service = service
        self.region = region
        self.account = account
        self.resource = resource
    }

    package init(service: String, region: Region, account: AccountID, resource: String) {
        self.init(
            partition: region.partition,
            service: service,
            region: region.description,
            account: account.description,
            resource: resource
        )
    }

    /// - Returns: nil unless the text has six parts and a resource.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[2].isEmpty, !parts[5].isEmpty else {
            return nil
        }
        self.init(
            partition: String(parts[1]),
            service: String(parts[2]),
            region: String(parts[3]),
            account: String(parts[4]),
            resource: String(parts[5])
        )
    }

    package var description: String {
        "arn:\(self.partition):\(self.service):\(self.region):\(self.account):\(self.resource)"
    }
}
