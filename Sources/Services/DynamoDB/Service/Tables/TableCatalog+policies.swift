internal import KeyValue
internal import ServiceModel
internal import Synchronization

/// Whether any table has a policy, as far as is known.
///
/// It goes from unknown to none or some, and from none to some, never back: where no table has a policy, a request pays
/// for one load of a number.
final class PolicyPresence: Sendable {
    /// How much is known.
    enum Knowledge: UInt8, AtomicRepresentable {
        case unknown, none, some
    }

    private let state = Atomic<Knowledge>(.unknown)

    var knowledge: Knowledge { self.state.load(ordering: .acquiring) }

    /// A table has a policy, or will have one as soon as a commit is done.
    func note(_ table: TableDescriptor) {
        guard !table.policies.isEmpty, self.knowledge != .some else { return }
        self.state.store(.some, ordering: .releasing)
    }

    /// All tables were looked at.
    func noteNone() {
        _ = self.state.compareExchange(expected: .unknown, desired: .none, ordering: .acquiringAndReleasing)
    }
}

extension TableCatalog {
    /// Whether any table of the store may have a policy. The first call of a process looks at all of them; where other
    /// processes change the store too, one may have a policy since.
    func mayHavePolicies() async throws(ServiceError) -> Bool {
        if self.store.limits.isShared { return true }
        if self.policyPresence.knowledge == .unknown { try await self.findPolicies() }
        return self.policyPresence.knowledge == .some
    }

    private func findPolicies() async throws(ServiceError) {
        var range = CatalogKeys.allTables
        while !range.isEmpty, self.policyPresence.knowledge == .unknown {
            let page = try await self.scan(range, limit: Self.sliceCountMax)
            for entry in page.entries {
                guard let table = TableRecord.decode(entry.record.value) else {
                    throw ServiceError(.corrupt("table record"))
                }
                self.policyPresence.note(table)
            }
            guard let continuation = page.continuation else { break }
            range = range.continued(from: continuation, reverse: false)
        }
        self.policyPresence.noteNone()
    }
}
