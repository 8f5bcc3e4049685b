internal import DynamoDBModel
internal import Policy
internal import Primitives
internal import ServiceKit
internal import ServiceModel

/// Refuses what the policy of a table denies to whoever asks.
///
/// Whoever proved a key of an account may do everything in it, so that an allow of a policy adds nothing yet: only an
/// explicit deny counts.
struct PolicyGate: Sendable {
    let catalog: TableCatalog

    /// Whether no table has a policy, as is known without looking.
    var isKnownToAllow: Bool { self.catalog.policyPresence.knowledge == .none }

    /// What the request touches is asked only where a table has a policy, and what it does with items only where that
    /// policy says something about it.
    func check(_ access: () -> [ResourceAccess], _ context: RequestContext) async throws(ServiceError) {
        guard try await self.catalog.mayHavePolicies() else { return }
        for (access, guardian) in try await self.accesses(access, context) {
            guard let guardian else { continue }
            var request = PolicyRequest(access, context)
            for tag in guardian.table.settings.tags { request.set("aws:ResourceTag/\(tag.key)", [tag.value]) }
            guard guardian.document.decision(for: request) == .explicitDeny, !Self.mayAlways(access, context) else {
                continue
            }
            throw .denied(access, context)
        }
    }

    /// A policy with the table that it protects.
    struct Guardian: Sendable {
        let table: TableDescriptor
        let document: PolicyDocument
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
        for access in accesses where guardians[access.resource] == nil {
            guard let (table, slot) = try await self.slot(access.resource, context), let document = slot?.document
            else { continue }
            guardians[access.resource] = Guardian(table: table, document: document)
            if document.asksAboutItems { asking[table.reference] = table }
        }
        // The resources are the same, and may be touched in more ways.
        if !asking.isEmpty { accesses = PolicyTables.$asking.withValue(asking) { access() } }
        return accesses.map { ($0, guardians[$0.resource]) }
    }

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

extension PolicyDocument {
    /// Whether a condition looks at a key of this service, or at a variable, which may be one.
    fileprivate var asksAboutItems: Bool {
        self.statements.contains { statement in
            statement.conditions.contains { condition in
                condition.key.lowercased().hasPrefix("dynamodb:")
                    || condition.values.contains { $0.text.contains("${") }
            }
        }
    }
}

extension ServiceError {
    static func denied(_ access: ResourceAccess, _ context: RequestContext) -> ServiceError {
        ServiceError(
            code: "AccessDeniedException",
            status: 400,
            message: "User: \(context.principal.arn) is not authorized to perform: \(access.action) on resource: "
                + "\(access.resource) with an explicit deny in a resource-based policy"
        )
    }
}
