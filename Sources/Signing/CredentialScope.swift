package import Primitives

/// What a signature is valid for: a day, a region and a service.
package struct CredentialScope: Sendable, Equatable, CustomStringConvertible {
    /// The last part of every scope.
    package static let terminator = "aws4_request"
    /// Bytes of `YYYYMMDD`.
    static let dateBytes = 8

    /// `YYYYMMDD`; must equal the beginning of the request's date.
    package let date: String
    /// Any well-formed region; selects the state that the request sees.
    package let region: Region
    /// The signing name, such as `dynamodb`; several services may share one.
    package let service: String

    package init(date: String, region: Region, service: String) {
        self.date = date
        self.region = region
        self.service = service
    }

    /// `20150830/us-east-1/dynamodb/aws4_request`
    package var description: String {
        "\(self.date)/\(self.region)/\(self.service)/\(Self.terminator)"
    }
}
