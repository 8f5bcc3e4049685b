internal import KeyValue
internal import ServiceModel
internal import Synchronization

/// Whether any table has a policy, as far as is known.
///
/// The state goes from unknown to none or some, and from none to some, never back: as long as no table has a policy, a
/// request costs one atomic load.
final class PolicyPresence: Sendable {
    /// The state of knowledge.
    enum Knowledge: UInt8, AtomicRepresentable {
        case unknown, none, some
    }

    private let state = Atomic<Knowledge>(.unknown)

    var knowledge: Knowledge { self.state.load(ordering: .acquiring) }

    /// Records that a table has a policy, or will have one once a commit is done.
    func note(_ table: TableDescriptor) {
        guard !table.policies.isEmpty, self.knowledge != .some else { return }
        self.state.store(.some, ordering: .releasing)
    }

    /// Records that all tables were checked, and have none.
    func noteNone() {
        _ = self.state.compareExchange(expected: .unknown, desired: .none, ordering: .acquiringAndReleasing)
    }
}

extension TableCatalog {
    /// Whether any table of the store may have a policy. The first call of a process checks all tables; if other
    /// processes change the store too, a policy may have been added since.
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
