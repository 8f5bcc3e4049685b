import Primitives
import Signing

/// The credentials and times of AWS's published examples.
enum Fixture {
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    static let credential = SigningCredential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret)
    static let s3Credential = SigningCredential(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    static let region = Region.standard
    /// 2015-08-30T12:36:00Z
    static let now = Timestamp(secondsSinceEpoch: 1_440_938_160)
    /// 2013-05-24T00:00:00Z, of S3's examples.
    static let s3Now = Timestamp(secondsSinceEpoch: 1_369_353_600)
    static let rules = SigningRules.standard(signingName: "dynamodb")

    /// What botocore sends for GetItem.
    static func unsigned(body: [UInt8] = Fixture.body) -> RequestHead {
        RequestHead(
            method: "POST", path: "/",
            headers: [
                "Host": "localhost:4566",
                "X-Amz-Target": "DynamoDB_20120810.GetItem",
                "Content-Type": "application/x-amz-json-1.0",
                "User-Agent": "Boto3/1.44.5 md/Botocore#1.44.5",
                "Content-Length": String(body.count),
            ]
        )
    }

    static let body = Array(#"{"TableName":"t","Key":{"k":{"S":"v"}}}"#.utf8)

    static func signer(
        _ credential: SigningCredential = Fixture.credential, service: String = "dynamodb",
        rules: SigningRules = Fixture.rules
    ) -> RequestSigner {
        RequestSigner(credential: credential, region: self.region, service: service, rules: rules)
    }

    static func signed(payload: PayloadDeclaration = .absent) throws -> RequestHead {
        try self.signer().sign(self.unsigned(), payload: payload, body: self.body, at: self.now).head
    }
}

/// All three steps at once.
@discardableResult
func verify(
    _ head: RequestHead, _ body: BodyEvidence = .bytes(Fixture.body),
    credential: SigningCredential = Fixture.credential, rules: SigningRules = Fixture.rules,
    now: Timestamp = Fixture.now, isTLS: Bool = false, keys: SigningKeyCache = SigningKeyCache()
) throws(SigningError) -> VerifiedAuthorization {
    let parsed = try ParsedAuthorization.read(head)
    let checked = try parsed.checked(by: rules, headers: head.headers, now: now, isTLS: isTLS, keys: keys)
    // As an identity store would: another key id is not known.
    guard checked.accessKeyID == credential.accessKeyID else { throw .unknownAccessKey(checked.accessKeyID) }
    return try checked.verify(head, body: body, credential: credential, keys: keys)
}

/// The error that a step ends with.
func failure(_ body: () throws(SigningError) -> some Any) -> SigningError? {
    do throws(SigningError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

extension SigningError {
    var mismatch: SignatureMismatch? {
        if case .signatureMismatch(let mismatch) = self { return mismatch }
        return nil
    }
}
