internal import Primitives
package import STSModel
package import ServiceModel

extension STSService {
    /// Never denied: AWS answers it whatever the policies say.
    package func access(_ input: GetCallerIdentityRequest, _ context: RequestContext) -> [ResourceAccess] { [] }

    package func getCallerIdentity(
        _ input: GetCallerIdentityRequest, _ context: RequestContext
    ) async throws(ServiceError) -> GetCallerIdentityResponse {
        GetCallerIdentityResponse(
            userID: context.principal.userID,
            account: context.account.description,
            arn: context.principal.arn
        )
    }
}
