/// The rounds of the event loops that commits come from: what a loop does between two looks at its sockets.
///
/// A round serves many clients. A committer that begins with the first of their commits syncs the disk once for that
/// one and again for the others, and a sync costs more CPU than ten commits: the commits of one round are to be one
/// group.
package struct CommitRounds: Sendable {
    /// The loop whose round the calling thread is in; nil on any other thread.
    let current: @Sendable () -> ObjectIdentifier?
    /// Runs its argument once the calling thread's loop has handled every socket that was ready.
    let afterCurrent: @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

    package init(
        current: @escaping @Sendable () -> ObjectIdentifier?,
        afterCurrent: @escaping @Sendable (_ work: @escaping @Sendable () -> Void) -> Void
    ) {
        self.current = current
        self.afterCurrent = afterCurrent
    }
}

/// Decides when the committer begins its next group: when a round with commits in it is over, or when enough commits
/// wait that the rest of their round may as well become another group.
struct GroupStart {
    /// Loops whose rounds have commits in them and are not over.
    private var openRounds: [ObjectIdentifier] = []
    /// Whether a round is over whose commits may still wait.
    private var isDue = false
    /// Whether the committer sleeps.
    private var isIdle = false

    /// What to do about a commit that was queued.
    struct Announcement {
        /// The round is to be closed by `roundIsOver` when it is over.
        var opensRound = false
        var mustWake = false
    }

    /// Takes note of a commit that was queued in a round; without one it is due at once.
    mutating func add(from round: ObjectIdentifier?, to queue: CommitQueue) -> Announcement {
        guard let round else {
            self.isDue = true
            return Announcement(mustWake: self.wakes())
        }
        let isNew = !self.openRounds.contains(round)
        if isNew { self.openRounds.append(round) }
        return Announcement(opensRound: isNew, mustWake: queue.isWorthAGroup && self.wakes())
    }

    /// - Returns: whether the committer must be woken.
    mutating func roundIsOver(_ round: ObjectIdentifier, _ queue: CommitQueue) -> Bool {
        self.openRounds.removeAll { $0 == round }
        guard !queue.isEmpty else { return false }
        self.isDue = true
        return self.wakes()
    }

    /// Asked by the committer, which sleeps if the answer is no.
    mutating func mayBegin(_ queue: CommitQueue) -> Bool {
        guard queue.isEmpty || !(self.isDue || queue.isWorthAGroup) else { return true }
        self.isIdle = true
        return false
    }

    /// The committer has taken a group; what it has left is due.
    mutating func began(leaving queue: CommitQueue) {
        self.isDue = !queue.isEmpty
    }

    /// Whether the committer sleeps; whoever asks wakes it.
    private mutating func wakes() -> Bool {
        defer { self.isIdle = false }
        return self.isIdle
    }
}
