internal import Primitives
internal import ServiceModel

/// An AWS service that a signature names but this process does not serve: what must be known to refuse the request in a
/// format that the client can parse.
struct UnservedService: Sendable, Equatable {
    /// Signing names of services with XML answers on REST paths; s3control signs as s3.
    /// - Source: the models of botocore 1.44.5 with protocol `rest-xml`, and the signing names of S3's endpoint rules.
    private static let restXMLNames: Set<String> = [
        "cloudfront", "route53", "s3", "s3-object-lambda", "s3-outposts", "s3express",
    ]

    let signingName: String

    /// The protocol of a request without `Smithy-Protocol` and `X-Amz-Target`.
    func wireProtocol(_ head: RequestHead) -> ProtocolName {
        if Self.restXMLNames.contains(self.signingName) { return .restXml }
        guard Self.hasForm(head) else { return .restJson1 }
        return self.signingName == "ec2" ? .ec2Query : .awsQuery
    }

    /// Whether `Action` and `Version` are in the body or in the query.
    private static func hasForm(_ head: RequestHead) -> Bool {
        if head.query.split(separator: "&").contains(where: { $0.hasPrefix("Action=") }) { return true }
        let contentType = head.headers.first("content-type") ?? ""
        return contentType.lowercased().hasPrefix("application/x-www-form-urlencoded")
    }

    /// A schema that selects the format of a REST error in XML: S3's differs, and is recognised by the first host
    /// label.
    var schema: ServiceSchema {
        ServiceSchema(
            id: self.signingName, signingName: self.signingName,
            endpointPrefix: self.signingName.hasPrefix("s3") ? "s3" : self.signingName, targetPrefix: nil,
            apiVersion: "", protocols: [], operations: [], operationNames: [])
    }
}
