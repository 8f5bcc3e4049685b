import STSModel
import STSService
import ServiceModel
import Testing

struct GetCallerIdentityTests {
    @Test(arguments: [rootContext, userContext])
    func `a caller is told who it is`(_ context: RequestContext) async throws {
        let answer = try await service().getCallerIdentity(GetCallerIdentityRequest(), context)
        #expect(answer.userID == context.principal.userID)
        #expect(answer.account == "000000000000")
        #expect(answer.arn == context.principal.arn)
    }

    @Test func `no policy can deny it`() {
        #expect(service().access(GetCallerIdentityRequest(), userContext).isEmpty)
    }
}
