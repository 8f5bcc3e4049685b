internal import Primitives
internal import ServiceModel

/// A service that a signature names and that this process does not serve: what a refusal must know of it, so that the
/// client can read it.
struct UnservedService: Sendable, Hashable {
    /// Signing names of services whose answers are XML on REST paths; s3control signs as s3.
    /// - Source: the models of botocore 1.44.5 whose protocol is `rest-xml`, and what S3's endpoint rules sign for.
    private static let restXMLNames: Set<String> = [
        "cloudfront", "route53", "s3", "s3-object-lambda", "s3-outposts", "s3express",
    ]

    let signingName: String

    /// The protocol of a request that carries neither `Smithy-Protocol` nor `X-Amz-Target`.
    func wireProtocol(_ head: RequestHead) -> ProtocolName {
        if Self.restXMLNames.contains(self.signingName) { return .restXml }
        guard Self.hasForm(head) else { return .restJson1 }
        return self.signingName == "ec2" ? .ec2Query : .awsQuery
    }

    /// Whether `Action` and `Version` are in the body, or in the query.
    private static func hasForm(_ head: RequestHead) -> Bool {
        if head.query.split(separator: "&").contains(where: { $0.hasPrefix("Action=") }) { return true }
        let contentType = head.headers.first("content-type") ?? ""
        return contentType.lowercased().hasPrefix("application/x-www-form-urlencoded")
    }

    /// What decides the form of a REST error in XML: S3's stand by themselves, by the first label of its host.
    var schema: ServiceSchema {
        ServiceSchema(
            id: self.signingName, signingName: self.signingName,
            endpointPrefix: self.signingName.hasPrefix("s3") ? "s3" : self.signingName, targetPrefix: nil,
            apiVersion: "", protocols: [], operations: [], operationNames: [])
    }
}
