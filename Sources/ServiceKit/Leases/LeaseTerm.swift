package import KeyValue

/// The right to do what only one of several processes may do, as long as no other has it.
///
/// A batch with `check` goes through only while that is so: the work of a process that stood still for a minute, and
/// does not know that another took over, changes nothing.
package struct LeaseTerm: Hashable, Sendable {
    package let check: Check

    /// Under which the present task works; `FencedStore` adds its check to every commit.
    @TaskLocal package static var current: LeaseTerm?
}
