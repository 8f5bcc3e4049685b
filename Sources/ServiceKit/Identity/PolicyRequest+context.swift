package import Policy
internal import Primitives
package import ServiceModel

extension PolicyRequest {
    /// What a policy is asked about one access of a request, with IAM's global condition keys.
    ///
    /// - Source: IAM User Guide, "AWS global condition context keys".
    package init(_ access: ResourceAccess, _ context: RequestContext) {
        let principal = context.principal
        self.init(
            caller: Caller(
                account: principal.kind == .anonymous ? "" : principal.account.description,
                arn: principal.kind == .anonymous ? "" : principal.arn
            ),
            action: access.action,
            resource: access.resource,
            otherResources: access.otherResources,
            conditionKeys: access.conditionKeys
        )
        self.set("aws:CurrentTime", [Self.text(context.time)])
        self.set("aws:EpochTime", [String(context.time.secondsSinceEpoch)])
        self.set("aws:SecureTransport", [context.isTLS ? "true" : "false"])
        self.set("aws:SourceIp", [context.sourceAddress])
        self.set("aws:RequestedRegion", [context.region.description])
        self.set("aws:ViaAWSService", ["false"])
        self.set("aws:PrincipalIsAWSService", [principal.kind == .service ? "true" : "false"])
        if !context.userAgent.isEmpty { self.set("aws:UserAgent", [context.userAgent]) }
        if let owner = ARN(access.resource)?.account, !owner.isEmpty { self.set("aws:ResourceAccount", [owner]) }
        self.set("aws:PrincipalType", [Self.type(principal.kind)])
        guard principal.kind != .anonymous else { return }
        // A session always has the key, and there are no MFA devices here; a request with a long-term key does not have
        // it.
        if SessionTokens.isSessionID(principal.accessKeyID) { self.set("aws:MultiFactorAuthPresent", ["false"]) }
        if let issued = principal.tokenIssueTime { self.set("aws:TokenIssueTime", [Self.text(issued)]) }
        self.set("aws:PrincipalAccount", [principal.account.description])
        self.set("aws:PrincipalArn", [Self.principalARN(principal)])
        self.set("aws:userid", [principal.userID])
        if principal.kind == .user, let name = principal.arn.split(separator: "/").last {
            self.set("aws:username", [String(name)])
        }
    }

    private static func type(_ kind: Principal.Kind) -> String {
        switch kind {
        case .root: "Account"
        case .user: "User"
        case .assumedRole: "AssumedRole"
        case .federatedUser: "FederatedUser"
        case .service: "Service"
        case .anonymous: "Anonymous"
        }
    }

    /// The principal's ARN; for a session of a role, the ARN of the role.
    private static func principalARN(_ principal: Principal) -> String {
        guard principal.kind == .assumedRole, let arn = ARN(principal.arn) else { return principal.arn }
        let parts = arn.resource.split(separator: "/")
        guard parts.count == 3 else { return principal.arn }
        return "arn:\(arn.partition):iam::\(arn.account):role/\(parts[1])"
    }

    /// A time such as `2026-11-28T14:00:00Z`.
    private static func text(_ time: Timestamp) -> String {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = CalendarDate(time)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(padded(date.hour, 2)):"
            + "\(padded(date.minute, 2)):\(padded(date.second, 2))Z"
    }
}
