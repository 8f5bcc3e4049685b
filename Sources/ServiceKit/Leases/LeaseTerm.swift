package import KeyValue

/// The exclusive right of one process to do the work that only the leader may do.
///
/// A commit with `check` succeeds only while the term lasts: a process that was paused for a minute, and does not know
/// that another took over, cannot change anything.
package struct LeaseTerm: Equatable, Sendable {
    package let check: Check

    /// The term of the current task; `FencedStore` adds its check to every commit.
    @TaskLocal package static var current: LeaseTerm?
}
