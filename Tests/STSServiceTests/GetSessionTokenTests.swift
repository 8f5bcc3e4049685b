import Primitives
import STSModel
import STSService
import ServiceModel
import Testing

struct GetSessionTokenTests {
    @Test(
        arguments: [
            (nil, 43_200), (900, 900), (129_600, 129_600),
        ] as [(Int?, Int)])
    func `a user's session lasts as long as was asked for, or twelve hours`(_ asked: Int?, _ seconds: Int) async throws
    {
        let answer = try await service().getSessionToken(GetSessionTokenRequest(durationSeconds: asked), userContext)
        let credentials = try #require(answer.credentials)
        let end = start.secondsSinceEpoch + Int64(seconds)
        #expect(credentials.accessKeyID == "ASIAISSUED")
        #expect(credentials.secretAccessKey == "for \(userContext.principal.arn)")
        #expect(credentials.sessionToken == "until \(end)")
        #expect(credentials.expiration.secondsSinceEpoch == end)
    }

    @Test(arguments: [(nil, 3600), (900, 900), (3600, 3600), (3601, 3600), (129_600, 3600)] as [(Int?, Int)])
    func `the root's session lasts an hour at most`(_ asked: Int?, _ seconds: Int) async throws {
        let answer = try await service().getSessionToken(GetSessionTokenRequest(durationSeconds: asked), rootContext)
        #expect(answer.credentials?.expiration.secondsSinceEpoch == start.secondsSinceEpoch + Int64(seconds))
    }

    @Test func `temporary credentials make no others`() async {
        let caller = context(
            .user,
            arn: "arn:aws:iam::000000000000:user/ana",
            userID: "AIDAANA",
            accessKeyID: "ASIASESSION"
        )
        let refusal = await #expect(throws: ServiceError.self) {
            try await service().getSessionToken(GetSessionTokenRequest(), caller)
        }
        #expect(refusal?.code == "AccessDenied")
        #expect(refusal?.status == 403)
        #expect(refusal?.message == "Cannot call GetSessionToken with session credentials")
    }

    @Test(arguments: [
        GetSessionTokenRequest(serialNumber: "arn:aws:iam::000000000000:mfa/ana", tokenCode: "123456"),
        GetSessionTokenRequest(serialNumber: "GAHT12345678"),
        GetSessionTokenRequest(tokenCode: "123456"),
    ])
    func `a code of a device that is not there is refused`(_ input: GetSessionTokenRequest) async {
        let refusal = await #expect(throws: ServiceError.self) {
            try await service().getSessionToken(input, userContext)
        }
        #expect(refusal?.code == "AccessDenied")
        #expect(refusal?.status == 403)
        // With the two spaces that AWS writes.
        #expect(
            refusal?.message == "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your "
                + "MFA serial number is valid and associated with this user.")
    }

    @Test func `no policy can deny it`() {
        #expect(service().access(GetSessionTokenRequest(), userContext).isEmpty)
    }
}
