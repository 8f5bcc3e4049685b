internal import DynamoDBModel
internal import ServiceModel

/// What the policy gate knows about tables while it determines the accesses of a request.
enum PolicyTables {
    /// Tables to which a policy with conditions on items applies: the keys of items are determined only for these.
    /// Empty as long as the gate does not know the policies, so that requests for tables without such policies do not
    /// pay for it.
    @TaskLocal static var asking: [TableReference: TableDescriptor] = [:]
}

/// The accesses of a request: one for each action on each resource, however many items are involved.
struct AccessList {
    private let context: RequestContext
    private var entries: [(access: ResourceAccess, variant: String, keys: ItemConditionKeys?)] = []

    init(_ context: RequestContext) {
        self.context = context
    }

    /// Adds an access; `fill` adds the condition keys of the items, and is called only if a policy depends on them.
    ///
    /// `action` is without the prefix `dynamodb:`, `table` as the request names it. If a policy depends on items, uses
    /// that differ in `variant` become separate accesses, because a condition key has one value for each.
    mutating func add(
        _ action: String, _ table: String, index: String? = nil, variant: String = "",
        _ fill: (inout ItemConditionKeys) -> Void
    ) {
        let arn = self.context.tableARN(table)
        let access = ResourceAccess(
            action: "dynamodb:\(action)", resource: index.map { "\(arn)/index/\($0)" } ?? arn)
        let descriptor = PolicyTables.asking[TableReference(answered: table, self.context)]
        let variant = descriptor == nil ? "" : variant
        var place = self.entries.firstIndex {
            $0.access.action == access.action && $0.access.resource == access.resource && $0.variant == variant
        }
        if place == nil {
            self.entries.append((access, variant, descriptor.map { ItemConditionKeys($0, index: index) }))
            place = self.entries.count - 1
        }
        guard let place, var keys = self.entries[place].keys else { return }
        // Moved out while it is filled, so that it is not copied.
        self.entries[place].keys = nil
        fill(&keys)
        self.entries[place].keys = keys
    }

    var accesses: [ResourceAccess] {
        self.entries.map { entry in
            var access = entry.access
            access.conditionKeys = entry.keys?.values ?? [:]
            return access
        }
    }
}

extension RequestContext {
    /// The only access of a request for one table.
    func access(
        _ action: String, _ table: String, index: String? = nil, _ fill: (inout ItemConditionKeys) -> Void
    ) -> [ResourceAccess] {
        var list = AccessList(self)
        list.add(action, table, index: index, fill)
        return list.accesses
    }
}
