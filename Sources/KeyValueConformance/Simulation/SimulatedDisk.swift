package import KeyValue
internal import Primitives

/// What outlives the crash of a `SimulatedStore`.
package final class SimulatedDisk: Sendable {
    /// The time of the commit that is being written: commits reach the disk later than they were given their time.
    private let clock = ManualClock()
    package let store: MemoryStore

    package init() {
        self.store = MemoryStore(clock: self.clock)
    }

    /// Writes what was checked already.
    func write(_ batch: Batch, time: Timestamp) -> CommitReceipt {
        self.clock.set(time)
        var batch = batch
        batch.checks = []
        do throws(StorageError) {
            return try self.store.commitAtOnce(batch)
        } catch {
            preconditionFailure("the disk of a simulation takes every write: \(error)")
        }
    }

    /// Leaves out the version of a commit that a crash lost: it must not be given out again.
    func skipVersion(time: Timestamp) {
        _ = self.write(Batch(writes: [.delete([])]), time: time)
    }

    /// The outcome of a commit whose token an earlier commit had; nil if none had it.
    func replay(_ token: IdempotencyToken, now: Timestamp) -> Result<CommitReceipt, StorageError>? {
        self.clock.set(now)
        // The store checks the token first; the check itself can never hold.
        let probe = Batch(checks: [.unchanged([], since: .zero)], token: token)
        do throws(StorageError) {
            return .success(try self.store.commitAtOnce(probe))
        } catch .checkFailed {
            return nil
        } catch {
            return .failure(error)
        }
    }
}
