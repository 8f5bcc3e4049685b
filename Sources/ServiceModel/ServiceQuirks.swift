/// What a service does that its AWS model does not say; from the service's patch.
package struct ServiceQuirks: OptionSet, Sendable {
    /// It words a value of the wrong kind as the newer of AWS's JSON parsers does: DynamoDB, DynamoDB Streams, SQS.
    package static let newParser = ServiceQuirks(rawValue: 1 << 0)
    /// Its answers have a checksum of the body as transferred, and are compressed for clients that take it: DynamoDB.
    package static let checksums = ServiceQuirks(rawValue: 1 << 1)
    /// With restJson1 it words broken constraints as AWS's older services do: Bedrock, Lambda.
    package static let coralViolations = ServiceQuirks(rawValue: 1 << 2)

    /// The words of patches and of schema texts.
    package static let words: [(word: String, quirk: ServiceQuirks)] = [
        ("new-parser", .newParser), ("checksums", .checksums), ("coral-violations", .coralViolations),
    ]

    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}
