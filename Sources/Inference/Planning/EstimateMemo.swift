internal import Synchronization

/// Earlier estimates for one model and its requested settings: each costs a traversal of the model's graph, and a model
/// that waits for memory is planned repeatedly.
package final class EstimateMemo: Sendable {
    /// The number of cached settings; one plan evaluates some dozens.
    private static let countMax = 1024

    private let estimates = Mutex<[ChildSettings: MemoryEstimate]>([:])

    package init() {}

    subscript(settings: ChildSettings) -> MemoryEstimate? {
        get { self.estimates.withLock { $0[settings] } }
        set {
            self.estimates.withLock { estimates in
                if estimates.count >= Self.countMax { estimates.removeAll() }
                estimates[settings] = newValue
            }
        }
    }
}
