internal import DynamoDBValues
internal import Policy

/// The resource-based policies of a table and of its streams.
struct TablePolicies: Sendable, Equatable {
    /// A place for one policy, with the time of its last change.
    struct Slot: Sendable, Equatable {
        /// nil after the policy was deleted.
        var document: PolicyDocument?
        /// The time of the last change in milliseconds since 1970, but higher than the revision before; AWS's
        /// `RevisionId`.
        var revision: Int64

        var revisionID: String { String(self.revision) }
    }

    /// nil for a table that never had a policy. Applies to the table's indexes too.
    var table: Slot?
    /// By stream label; a stream is a resource of its own.
    var streams: [String: Slot] = [:]

    /// Whether there is no policy to evaluate.
    var isEmpty: Bool {
        self.table?.document == nil && self.streams.values.allSatisfy { $0.document == nil }
    }

    subscript(_ resource: ResourceReference) -> Slot? {
        get {
            switch resource {
            case .table: self.table
            case .stream(_, let label): self.streams[label]
            }
        }
        set {
            switch resource {
            case .table: self.table = newValue
            case .stream(_, let label): self.streams[label] = newValue
            }
        }
    }
}

extension TablePolicies {
    /// The form in the table's record; nil when there are no policies.
    ///
    ///     {"table": slot, "streams": {label: slot}}, a slot {"policy": IAM's normal form, "revision": milliseconds}
    var record: AttributeValue? {
        guard self.table != nil || !self.streams.isEmpty else { return nil }
        var tree = AttributeTree()
        tree["table"] = self.table.map(Self.record)
        if !self.streams.isEmpty {
            let streams = self.streams.sorted { $0.key < $1.key }
            tree["streams"] = .m(AttributeTree(streams.map { .init($0.key, Self.record($0.value)) }))
        }
        return .m(tree)
    }

    private static func record(_ slot: Slot) -> AttributeValue {
        var tree = AttributeTree([.init("revision", .n(DynamoDBNumber(Int(slot.revision))))])
        tree["policy"] = slot.document.map { .s($0.text) }
        return .m(tree)
    }

    /// - Returns: nil when the record is damaged: a policy that cannot be read might allow what it should deny.
    init?(record: AttributeValue?) {
        guard let record else { return }
        guard case .m(let tree) = record else { return nil }
        if let value = tree["table"] {
            guard let slot = Self.slot(value) else { return nil }
            self.table = slot
        }
        guard let streams = tree["streams"] else { return }
        guard case .m(let slots) = streams else { return nil }
        for entry in slots.entries {
            guard let slot = Self.slot(entry.value) else { return nil }
            self.streams[entry.name] = slot
        }
    }

    private static func slot(_ value: AttributeValue) -> Slot? {
        guard case .m(let tree) = value, case .n(let number)? = tree["revision"], let revision = Int64(number.text)
        else { return nil }
        guard let policy = tree["policy"] else { return Slot(document: nil, revision: revision) }
        // nil marks the whole record as damaged, so that nothing is allowed by mistake.
        guard case .s(let text) = policy, let document = try? PolicyDocument(text, .resource) else { return nil }
        return Slot(document: document, revision: revision)
    }
}
