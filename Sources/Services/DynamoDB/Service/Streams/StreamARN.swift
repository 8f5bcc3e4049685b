internal import Primitives
internal import ServiceModel

extension StreamNotes.Name {
    /// The stream with the ARN in a request.
    ///
    /// - Throws: `ValidationException` when the text is not the ARN of a stream, `ResourceNotFoundException` for
    ///   streams of other accounts and regions.
    init(arn text: String, _ context: RequestContext) throws(ServiceError) {
        guard let arn = ARN(text), arn.service == "dynamodb" else { throw .validation("Invalid StreamArn") }
        let parts = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "table", parts[2] == "stream", TableReference.isLawfulName(parts[1]),
            parts[3].utf8.count == StreamNotes.labelBytes, parts[3].utf8.allSatisfy({ $0 != 0 && $0 < 0x80 }),
            let account = AccountID(arn.account), let region = Region(arn.region)
        else { throw .validation("Invalid StreamArn") }
        self.init(
            table: TableReference(account: account, region: region, name: String(parts[1])), label: String(parts[3]))
        guard account == context.account, region == context.region, arn.partition == region.partition else {
            throw .streamNotFound(self)
        }
    }
}

/// Limits of requests that are missing in AWS's model, with the wording of those that it has.
enum StreamLimit {
    static func check(_ given: Int?, max: Int) throws(ServiceError) -> Int {
        guard let given else { return max }
        guard given <= max else {
            throw .validation(
                "1 validation error detected: Value '\(given)' at 'limit' failed to satisfy constraint: Member must "
                    + "have value less than or equal to \(max)"
            )
        }
        return given
    }
}
