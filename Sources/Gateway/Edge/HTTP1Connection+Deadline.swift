internal import NIOCore

extension HTTP1Connection: DeadlineTarget {
    /// Arms the deadline that the state requires. A deadline that runs for the same reason already is kept; a new
    /// request replaces the previous one's.
    func armDeadline() {
        let wanted = self.wantedDeadline
        if wanted == self.deadline { return }
        self.deadline = wanted
        let timeouts = self.loop.timeouts
        switch wanted {
        case .none: self.loop.disarm(self)
        case .taken: self.loop.arm(self, ticks: timeouts.idleBeforeTaken)
        case .idle: self.loop.arm(self, ticks: timeouts.idle - timeouts.idleBeforeTaken)
        case .head: self.loop.arm(self, ticks: timeouts.head)
        case .body: self.loop.arm(self, ticks: timeouts.bodyWindow)
        case .stall:
            self.unsentBytes = self.bufferedBytes
            self.loop.arm(self, ticks: timeouts.writeStall)
        case .linger: self.loop.arm(self, ticks: timeouts.linger)
        case .halfClosed: self.loop.arm(self, ticks: self.ticksToProbe)
        }
    }

    private var wantedDeadline: Deadline {
        switch self.phase {
        case .head:
            if !self.isWritable {
                .stall
            } else if self.input != nil {
                .head
            } else {
                self.isAnswerTaken ? .idle : .taken
            }
        case .lingering: .linger
        case .closed: self.bufferedBytes > 0 ? .stall : .linger
        case .exchange(let exchange):
            if exchange.hasAnswerBegun, !self.isWritable {
                .stall
            } else if !self.isRequestComplete, exchange.takesBody, !exchange.hasAnswerBegun || exchange.hasEnded {
                // Once an answer is streaming, its producer decides how long a two-way exchange may pause.
                .body
            } else if self.isInputClosed {
                .halfClosed
            } else {
                .none
            }
        }
    }

    func deadlineReached() {
        let reached = self.deadline
        self.deadline = .none
        switch reached {
        case .none: break
        case .head: self.refuse(.tooSlow)
        case .linger: self.closeNow()
        case .halfClosed:
            self.halfClosedTicks += self.ticksToProbe
            if self.halfClosedTicks < self.loop.timeouts.halfClosed { self.probe() } else { self.closeNow() }
        case .taken:
            // Checked here rather than with every answer, because the check is not free.
            self.isAnswerTaken = self.bufferedBytes == 0
            if !self.isAnswerTaken { self.closeNow() }
        case .idle: self.closeNow()
        case .stall: self.closeUnlessSending()
        case .body:
            if self.windowBytes < self.loop.limits.bodyBytesPerWindowMin { self.refuse(.tooSlow) }
            self.windowBytes = 0
        }
        self.settle()
    }

    /// Until a client that has closed its side is probed again, or is considered gone.
    private var ticksToProbe: UInt32 {
        let timeouts = self.loop.timeouts
        return min(timeouts.halfClosedProbe, timeouts.halfClosed - self.halfClosedTicks)
    }

    /// Asks whether a client that has closed its side is still there. A client takes any number of interim answers,
    /// whether it expects them or not, but none of HTTP/1.0 does; within an answer there is nothing to send.
    ///
    /// - Source: RFC 9110, 15.2 "Informational 1xx" and 15.2.1 "100 Continue".
    private func probe() {
        guard case .exchange(let exchange) = self.phase, !exchange.hasAnswerBegun, !self.isVersion10 else { return }
        self.sendContinue()
    }

    /// A large answer may be on its way to a slow client: the connection stays open as long as the client takes
    /// something.
    private func closeUnlessSending() {
        let unsent = self.bufferedBytes
        if unsent == 0 || (self.unsentBytes > 0 && unsent >= self.unsentBytes) { return self.closeNow() }
        self.unsentBytes = unsent
    }

    /// The bytes of answers that the kernel has not taken; 0 for a closed channel, which has no options.
    private var bufferedBytes: Int {
        let options = self.context?.channel.syncOptions
        return (try? options?.getOption(ChannelOptions.bufferedWritableBytes)) ?? 0
    }

    func drain() {
        self.keepsAlive = false
        guard case .head = self.phase, self.input == nil else { return }
        guard self.bufferedBytes > 0 else { return self.closeNow() }
        // The last answer is still on its way to a slow client.
        self.closeAfterSending()
        self.settle()
    }

    /// Over TLS the channel ends a moment later: what was asked for is given up before, and nothing more is taken.
    func closeNow() {
        if case .exchange(let exchange) = self.phase { exchange.abandon() }
        self.phase = .closed
        self.context?.close(promise: nil)
    }
}
