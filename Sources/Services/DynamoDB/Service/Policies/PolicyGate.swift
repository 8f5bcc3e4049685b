internal import DynamoDBModel
internal import Policy
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// Refuses what the policies of tables and of the caller do not let pass.
///
/// A caller without policies may do everything in its account that no table's policy denies; with them it needs an
/// allow, of its own or of the table. An explicit deny wins over every allow.
/// - Source: IAM User Guide, "Policy evaluation for requests within a single account".
struct PolicyGate: Sendable {
    let catalog: TableCatalog

    /// Whether the caller has no policies and no table has one, as is known without looking.
    func isKnownToAllow(_ context: RequestContext) -> Bool {
        context.principal.policies == nil && self.catalog.policyPresence.knowledge == .none
    }

    /// What the request touches is asked only where somebody has a policy, and what it does with items only where that
    /// policy says something about it.
    func check(_ access: () -> [ResourceAccess], _ context: RequestContext) async throws(ServiceError) {
        let policies = context.principal.userPolicies
        if policies == nil { guard try await self.catalog.mayHavePolicies() else { return } }
        for (access, guardian) in try await self.accesses(access, context) {
            guard let denial = Self.denial(access, guardian, policies, context) else { continue }
            throw .denied(denial.sentence(access, context.principal, tellsAll: true))
        }
    }

    private static func denial(
        _ access: ResourceAccess, _ guardian: Guardian?, _ policies: UserPolicies?, _ context: RequestContext
    ) -> AccessDenial? {
        guard policies != nil || guardian?.document != nil else { return nil }
        var request = PolicyRequest(access, context)
        for tag in guardian?.table.settings.tags ?? [] { request.set("aws:ResourceTag/\(tag.key)", [tag.value]) }
        let own = policies?.decision(for: request)
        if own == .explicitDeny { return .byIdentityPolicy }
        let tables = guardian?.document?.decision(for: request)
        if tables == .explicitDeny, !Self.mayAlways(access, context) { return .byResourcePolicy }
        guard own == .notApplicable, guardian?.document?.allowsCaller(of: request) != true else { return nil }
        return .byNobody
    }

    /// A table with the policy that protects what is touched of it, if there is one.
    struct Guardian: Sendable {
        let table: TableDescriptor
        let document: PolicyDocument?
    }

    /// What a request touches, with the policies that hold for it.
    ///
    /// It is asked twice where a policy asks about items: the names of key attributes are known only when the table is.
    func accesses(
        _ access: () -> [ResourceAccess], _ context: RequestContext
    ) async throws(ServiceError) -> [(access: ResourceAccess, guardian: Guardian?)] {
        var accesses = access()
        var guardians: [String: Guardian] = [:]
        var asking: [TableReference: TableDescriptor] = [:]
        let callerAsks = context.principal.userPolicies?.askAboutKeys(Self.keyPrefix) ?? false
        for access in accesses where guardians[access.resource] == nil {
            guard let (table, slot) = try await self.slot(access.resource, context) else { continue }
            let document = slot?.document
            guardians[access.resource] = Guardian(table: table, document: document)
            if callerAsks || document?.asksAboutKeys(Self.keyPrefix) == true { asking[table.reference] = table }
        }
        // The resources are the same, and may be touched in more ways.
        if !asking.isEmpty { accesses = PolicyTables.$asking.withValue(asking) { access() } }
        return accesses.map { ($0, guardians[$0.resource]) }
    }

    /// Of the condition keys of this service.
    private static let keyPrefix = "dynamodb:"

    /// What an ARN of this account has for a policy: that of a stream its own, an index that of its table.
    private func slot(
        _ arn: String, _ context: RequestContext
    ) async throws(ServiceError) -> (TableDescriptor, TablePolicies.Slot?)? {
        // A replica lies in another region than the one that was asked.
        guard let arn = ARN(arn), arn.service == "dynamodb", arn.account == context.account.description,
            let region = Region(arn.region)
        else { return nil }
        let parts = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 4, parts[0] == "table" else { return nil }
        let reference = TableReference(account: context.account, region: region, name: String(parts[1]))
        guard let table = try await self.catalog.snapshot(reference)?.descriptor else { return nil }
        if parts.count == 2 || parts[2] == "index" { return (table, table.policies.table) }
        guard parts[2] == "stream" else { return nil }
        return (table, table.policies.streams[String(parts[3])])
    }

    /// Nobody locks an account's root out of a table for good.
    /// - Source: DynamoDB API Reference, DeleteResourcePolicy.
    private static func mayAlways(_ access: ResourceAccess, _ context: RequestContext) -> Bool {
        context.principal.kind == .root && access.action == "dynamodb:DeleteResourcePolicy"
    }
}

extension ServiceError {
    static func denied(_ sentence: String) -> ServiceError {
        ServiceError(code: "AccessDeniedException", status: 400, message: sentence)
    }
}
