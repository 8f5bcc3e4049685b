/// Something with a deadline that can be told to end: a connection, or a stream of one. Confined to one event loop.
package protocol DeadlineTarget: AnyObject {
    /// Its index in the table; written by the table only.
    var deadlineSlot: Int { get set }
    /// False for a stream, whose connection is in the table itself.
    var isConnection: Bool { get }
    /// Called after the deadline has passed and was disarmed.
    func deadlineReached()
    /// End after finishing what is in flight.
    func drain()
    /// End now.
    func closeNow()
}

extension DeadlineTarget {
    package var isConnection: Bool { true }
}

/// The deadlines of one event loop's connections.
///
/// One 32-bit tick per connection in one dense array, compared once per tick of the loop: 10,000 connections are 40 KB
/// read in a few microseconds, arming is one store, and no connection owns a timer.
package struct DeadlineTable {
    private var ticks: [UInt32] = []
    private var targets: [any DeadlineTarget] = []

    /// The tick of a disarmed deadline.
    package static let never = UInt32.max

    package var count: Int { self.targets.count }
    package var isEmpty: Bool { self.targets.isEmpty }

    package init() {}

    package mutating func insert(_ target: any DeadlineTarget) {
        target.deadlineSlot = self.targets.count
        self.ticks.append(Self.never)
        self.targets.append(target)
    }

    /// - Complexity: O(1); the last entry moves into the free slot.
    package mutating func remove(_ target: any DeadlineTarget) {
        let slot = target.deadlineSlot
        precondition(self.targets[slot] === target, "a target is removed from its own slot")
        let lastTicks = self.ticks.removeLast()
        let last = self.targets.removeLast()
        if slot < self.targets.count {
            self.ticks[slot] = lastTicks
            self.targets[slot] = last
            last.deadlineSlot = slot
        }
        target.deadlineSlot = -1
    }

    @inline(__always)
    package mutating func arm(_ slot: Int, tick: UInt32) {
        self.ticks[slot] = tick
    }

    /// Removes and returns the targets whose deadline is at or before `now`; they are disarmed.
    package mutating func takeExpired(now: UInt32) -> [any DeadlineTarget] {
        var expired: [any DeadlineTarget] = []
        for slot in self.ticks.indices where self.ticks[slot] <= now {
            self.ticks[slot] = Self.never
            expired.append(self.targets[slot])
        }
        return expired
    }

    /// Everything in the table now.
    package var all: [any DeadlineTarget] { self.targets }
}
