internal import DynamoDBModel
internal import Policy
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// Refuses requests that the policies of tables and of the caller do not allow.
///
/// A caller without policies may do everything in its account that no table's policy denies; a caller with policies
/// needs an allow, in its own policies or in the table's. An explicit deny overrides every allow.
/// - Source: IAM User Guide, "Policy evaluation for requests within a single account".
struct PolicyGate: Sendable {
    let catalog: TableCatalog

    /// Whether it is known, without reading the store, that neither the caller nor any table has policies.
    func isKnownToAllow(_ context: RequestContext) -> Bool {
        context.principal.policies == nil && self.catalog.policyPresence.knowledge == .none
    }

    /// The accesses are determined only if there are policies, and the use of items only if these policies depend on
    /// it.
    func check(_ access: () -> [ResourceAccess], _ context: RequestContext) async throws(ServiceError) {
        let policies = context.principal.userPolicies
        if policies == nil { guard try await self.catalog.mayHavePolicies() else { return } }
        for (access, guarded) in try await self.accesses(access, context) {
            guard let denial = Self.denial(access, guarded, policies, context) else { continue }
            throw .denied(denial.sentence(access, context.principal, tellsAll: true))
        }
    }

    private static func denial(
        _ access: ResourceAccess, _ guarded: GuardedTable?, _ policies: UserPolicies?, _ context: RequestContext
    ) -> AccessDenial? {
        guard policies != nil || guarded?.document != nil else { return nil }
        var request = PolicyRequest(access, context)
        for tag in guarded?.table.settings.tags ?? [] { request.add("aws:ResourceTag/\(tag.key)", [tag.value]) }
        let own = policies?.decision(for: request)
        if own == .explicitDeny { return .byIdentityPolicy }
        let tables = guarded?.document?.decision(for: request)
        if tables == .explicitDeny, !Self.isAlwaysAllowed(access, context) { return .byResourcePolicy }
        guard own == .notApplicable, guarded?.document?.allowsCaller(of: request) != true else { return nil }
        return .byNobody
    }

    /// A table, with the policy on the accessed resource, if there is one.
    struct GuardedTable: Sendable {
        let table: TableDescriptor
        let document: PolicyDocument?
    }

    /// The accesses of a request, with the policies that apply to them.
    ///
    /// `access` is called twice if a policy depends on items: the names of key attributes are known only once the table
    /// is.
    func accesses(
        _ access: () -> [ResourceAccess], _ context: RequestContext
    ) async throws(ServiceError) -> [(access: ResourceAccess, guarded: GuardedTable?)] {
        var accesses = access()
        var guardedTables: [String: GuardedTable] = [:]
        var asking: [TableReference: TableDescriptor] = [:]
        let callerAsks = context.principal.userPolicies?.askAboutKeys(Self.keyPrefix) ?? false
        for access in accesses where guardedTables[access.resource] == nil {
            guard let (table, slot) = try await self.slot(access.resource, context) else { continue }
            let document = slot?.document
            guardedTables[access.resource] = GuardedTable(table: table, document: document)
            if callerAsks || document?.asksAboutKeys(Self.keyPrefix) == true { asking[table.reference] = table }
        }
        // The resources are the same, but there may be more accesses to them.
        if !asking.isEmpty { accesses = PolicyTables.$asking.withValue(asking) { access() } }
        return accesses.map { ($0, guardedTables[$0.resource]) }
    }

    /// The prefix of this service's condition keys.
    private static let keyPrefix = "dynamodb:"

    /// The policy slot of an ARN of this account: a stream has its own, an index that of its table.
    private func slot(
        _ arn: String, _ context: RequestContext
    ) async throws(ServiceError) -> (TableDescriptor, TablePolicies.Slot?)? {
        // A replica is in another region than that of the request.
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

    /// The root user of an account must not be locked out of a table for good.
    /// - Source: DynamoDB API Reference, DeleteResourcePolicy.
    private static func isAlwaysAllowed(_ access: ResourceAccess, _ context: RequestContext) -> Bool {
        context.principal.kind == .root && access.action == "dynamodb:DeleteResourcePolicy"
    }
}

extension ServiceError {
    static func denied(_ sentence: String) -> ServiceError {
        ServiceError(code: "AccessDeniedException", status: 400, message: sentence)
    }
}
