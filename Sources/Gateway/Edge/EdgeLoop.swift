internal import NIOCore
internal import Primitives

/// The state that the connections of one event loop share. Confined to that loop.
final class EdgeLoop {
    let eventLoop: any EventLoop
    let context: LoopContext
    let limits: EdgeLimits
    let timeouts: Timeouts
    let bodies: BodyBudget
    let answers: BodyBudget
    let responder: any EdgeResponder
    let counters: LoopCounters
    private let clock: any WallClock

    private var table = DeadlineTable()
    private var isTicking = false
    /// The ticks for which the loop has run. Time in which the loop could not run is not counted: what clients sent
    /// meanwhile is still unread, and must not count against them.
    private var now: UInt32 = 0
    private(set) var isDraining = false
    private var drained: EventLoopPromise<Void>?
    private var date = (second: Int64.min, text: "")

    /// The timeouts of `EdgeLimits`, in ticks.
    struct Timeouts {
        let tick: TimeAmount
        let idle: UInt32
        /// The part of `idle` within which the client must take the last answer.
        let idleBeforeTaken: UInt32
        let head: UInt32
        let handshake: UInt32
        let bodyWindow: UInt32
        let writeStall: UInt32
        let linger: UInt32
        let farewell: UInt32
        let halfClosed: UInt32
        let halfClosedProbe: UInt32

        init(_ limits: EdgeLimits) {
            let tick = max(1, limits.timerTick.wholeNanoseconds)
            self.tick = .nanoseconds(tick)
            func ticks(_ duration: Duration) -> UInt32 {
                // One more, because the current tick has partly elapsed.
                UInt32(clamping: max(0, duration.wholeNanoseconds) / tick + 1)
            }
            self.idle = ticks(limits.idleTimeout)
            self.head = ticks(limits.headTimeout)
            self.handshake = ticks(limits.handshakeTimeout)
            self.bodyWindow = ticks(limits.bodyWindow)
            self.writeStall = ticks(limits.writeStallTimeout)
            self.linger = ticks(limits.lingerTimeout)
            self.farewell = ticks(limits.http2FarewellTimeout)
            self.halfClosed = ticks(limits.halfClosedTimeout)
            self.halfClosedProbe = ticks(limits.halfClosedProbeInterval)
            self.idleBeforeTaken = min(self.idle, self.writeStall)
        }
    }

    init(
        eventLoop: any EventLoop, index: Int, limits: EdgeLimits, bodies: BodyBudget, answers: BodyBudget,
        responder: any EdgeResponder, counters: LoopCounters, clock: any WallClock
    ) {
        self.eventLoop = eventLoop
        self.context = LoopContext(index: index, executor: EventLoopTaskExecutor(eventLoop))
        self.limits = limits
        self.timeouts = Timeouts(limits)
        self.bodies = bodies
        self.answers = answers
        self.responder = responder
        self.counters = counters
        self.clock = clock
    }

    // Registration and deadlines

    func register(_ target: any DeadlineTarget) {
        self.table.insert(target)
        self.startTicking()
        if self.isDraining { target.drain() }
    }

    func deregister(_ target: any DeadlineTarget) {
        guard target.deadlineSlot >= 0 else { return }
        self.table.remove(target)
        if self.table.isEmpty { self.drained?.succeed() }
    }

    /// Arms the target's only deadline, `ticks` from now, replacing an earlier one.
    @inline(__always)
    func arm(_ target: any DeadlineTarget, ticks: UInt32) {
        if target.deadlineSlot >= 0 { self.table.arm(target.deadlineSlot, tick: self.now &+ ticks) }
    }

    func disarm(_ target: any DeadlineTarget) {
        if target.deadlineSlot >= 0 { self.table.arm(target.deadlineSlot, tick: DeadlineTable.never) }
    }

    private func startTicking() {
        guard !self.isTicking else { return }
        self.isTicking = true
        self.scheduleTick()
    }

    private func scheduleTick() {
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: self.timeouts.tick) { bound.value.tick() }
    }

    private func tick() {
        self.now &+= 1
        for target in self.table.takeExpired(now: self.now) where target.deadlineSlot >= 0 {
            target.deadlineReached()
        }
        // Stops ticking, so that an idle server does not wake up.
        if self.table.isEmpty {
            self.isTicking = false
        } else {
            self.scheduleTick()
        }
    }

    // Draining

    /// Tells every connection to end after what is in flight.
    /// - Returns: a future that succeeds when the last connection is closed.
    func drain() -> EventLoopFuture<Void> {
        self.isDraining = true
        let promise = self.drained ?? self.eventLoop.makePromise(of: Void.self)
        self.drained = promise
        for target in self.table.all where target.deadlineSlot >= 0 { target.drain() }
        if self.table.isEmpty { promise.succeed() }
        return promise.futureResult
    }

    /// - Returns: how many were still open.
    func closeNow() -> Int {
        self.isDraining = true
        let targets = self.table.all
        for target in targets where target.deadlineSlot >= 0 { target.closeNow() }
        return targets.count(where: \.isConnection)
    }

    /// The value of the `Date` header; formatted once a second.
    func dateText() -> String {
        let second = self.clock.now().secondsSinceEpoch
        if second != self.date.second { self.date = (second, HTTPDate.text(Timestamp(secondsSinceEpoch: second))) }
        return self.date.text
    }
}

extension Duration {
    /// Nanoseconds, rounded down; at most 292 years.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? Int64.max : product &+ attoseconds / 1_000_000_000
    }
}
