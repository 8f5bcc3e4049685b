import Primitives
import ServiceModel

/// Who asks, in these tests.
let caller: RequestContext = {
    guard let account = AccountID("123456789012"), let region = Region("eu-central-1") else {
        preconditionFailure("the account and the region are lawful")
    }
    let principal = Principal(
        kind: .root, account: account, arn: "arn:aws:iam::123456789012:root", userID: "123456789012", accessKeyID: "A")
    return RequestContext(
        requestID: .uuid(SystemRandomSource()), principal: principal, region: region,
        time: Timestamp(secondsSinceEpoch: 0), sourceAddress: "127.0.0.1", isTLS: false, userAgent: "", host: "")
}()
