internal import KeyValue
internal import ServiceModel

extension IdempotencyToken {
    /// The `ClientRequestToken` of a transaction; nil where the request has none.
    ///
    /// Unique within the store: tokens of other accounts and regions, and of another `space`, are others.
    init?(_ token: String?, _ space: String, _ context: RequestContext, _ fingerprint: () -> [UInt8]) {
        guard let token else { return nil }
        self.init(id: Array("\(space)/\(context.account)/\(context.region)/\(token)".utf8), fingerprint: fingerprint())
    }
}
