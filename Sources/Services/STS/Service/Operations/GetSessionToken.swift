internal import Primitives
package import STSModel
internal import ServiceKit
package import ServiceModel

extension STSService {
    /// Twelve hours.
    static let sessionSecondsStandard = 43_200
    /// AWS caps sessions of an account's root at one hour, whatever is asked for.
    static let rootSessionSecondsMax = 3600

    /// Needs no permission, and cannot be denied.
    /// - Source: IAM User Guide, "Permissions for GetSessionToken".
    package func access(_ input: GetSessionTokenRequest, _ context: RequestContext) -> [ResourceAccess] { [] }

    /// There are no MFA devices on this server, so that none is the user's.
    /// - Source: AWS STS API Reference, GetSessionToken; issue 6325 of aws/aws-cli, which has AWS's answer to a device
    ///   that is not the user's.
    package func getSessionToken(
        _ input: GetSessionTokenRequest, _ context: RequestContext
    ) async throws(ServiceError) -> GetSessionTokenResponse {
        guard !context.principal.accessKeyID.hasPrefix("ASIA") else {
            throw ServiceError(
                code: "AccessDenied",
                status: 403,
                message: "Cannot call GetSessionToken with session credentials"
            )
        }
        guard input.serialNumber == nil, input.tokenCode == nil else {
            throw ServiceError(
                code: "AccessDenied",
                status: 403,
                message: "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA "
                    + "serial number is valid and associated with this user."
            )
        }
        var seconds = input.durationSeconds ?? Self.sessionSecondsStandard
        if context.principal.kind == .root { seconds = min(seconds, Self.rootSessionSecondsMax) }
        let now = self.clock.now()
        let expiration = Timestamp(secondsSinceEpoch: now.secondsSinceEpoch + Int64(seconds))
        let session = self.identity.issueSession(for: context.principal, issued: now, expiration: expiration)
        return GetSessionTokenResponse(
            credentials: Credentials(
                accessKeyID: session.accessKeyID,
                secretAccessKey: session.secretAccessKey,
                sessionToken: session.sessionToken ?? "",
                expiration: expiration
            )
        )
    }
}
