internal import DynamoDBModel
internal import ServiceModel

/// What the policy gate has found out about tables while it asks what a request touches.
enum PolicyTables {
    /// Tables with a policy that asks about items: only for them the keys of items are worked out. Empty while the gate
    /// does not know yet, so that requests whose tables have no such policy do not pay for it.
    @TaskLocal static var asking: [TableReference: TableDescriptor] = [:]
}

/// What a request touches: one access for each action on each resource, however many items it is about.
struct AccessList {
    private let context: RequestContext
    private var entries: [(access: ResourceAccess, variant: String, keys: ItemConditionKeys?)] = []

    init(_ context: RequestContext) {
        self.context = context
    }

    /// Adds an access; `fill` tells what is done with items, and is called only where somebody asks.
    ///
    /// `action` comes without the prefix `dynamodb:`, and `table` as the request names it. Where somebody asks, what
    /// differs in `variant` is not mixed in one access, because a condition key has one value for it.
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
        // Taken out while it is filled, so that it is not copied.
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
    /// The one access of a request for one table.
    func access(
        _ action: String, _ table: String, index: String? = nil, _ fill: (inout ItemConditionKeys) -> Void
    ) -> [ResourceAccess] {
        var list = AccessList(self)
        list.add(action, table, index: index, fill)
        return list.accesses
    }
}
