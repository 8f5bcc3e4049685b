internal import Synchronization

/// The estimates of one model with one wish that were made before: one costs a walk over the model's graph, and a model
/// that waits for room is planned again and again.
package final class EstimateMemo: Sendable {
    /// Settings that are kept; one plan looks at some dozens.
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
