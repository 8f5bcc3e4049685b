import Primitives
import STSModel
import STSService
import ServiceKit
import ServiceModel

/// Issues sessions whose secrets tell what they were asked for.
struct RecordingIdentity: IdentityPort {
    func credential(accessKeyID: String, sessionToken: String?, now: Timestamp) -> CredentialLookup { .unknown }

    func bearer(name: String, now: Timestamp) -> CredentialLookup { .unknown }

    func policies(of principal: Principal, now: Timestamp) -> PolicyLookup { .known(nil) }

    func issueSession(for principal: Principal, issued: Timestamp, expiration: Timestamp) -> Credential {
        Credential(
            accessKeyID: "ASIAISSUED",
            secretAccessKey: "for \(principal.arn)",
            principal: principal,
            sessionToken: "until \(expiration.secondsSinceEpoch)",
            expiration: expiration
        )
    }
}

/// When the tests' requests are made.
let start = Timestamp(secondsSinceEpoch: 1_700_000_000)

func service() -> STSService {
    STSService(identity: RecordingIdentity(), clock: ManualClock(start))
}

/// What a request of a principal comes with.
func context(_ kind: Principal.Kind, arn: String, userID: String, accessKeyID: String) -> RequestContext {
    RequestContext(
        requestID: RequestID("request"),
        principal: Principal(kind: kind, account: .standard, arn: arn, userID: userID, accessKeyID: accessKeyID),
        region: .standard,
        time: start,
        sourceAddress: "127.0.0.1",
        isTLS: true,
        userAgent: "test"
    )
}

/// A request of the account's root.
let rootContext = context(
    .root,
    arn: "arn:aws:iam::000000000000:root",
    userID: "000000000000",
    accessKeyID: "AKIAROOT"
)

/// A request of the user `ana`.
let userContext = context(
    .user,
    arn: "arn:aws:iam::000000000000:user/ana",
    userID: "AIDAANA",
    accessKeyID: "AKIAANA"
)
