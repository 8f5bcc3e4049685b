import Inference
import Primitives
import Testing

/// A machine on which requests for several models come and go, in a time of its own; checks after every step that no
/// more is booked than there is.
struct AdmissionSimulation {
    struct Outcome {
        var grantedCount = 0
        var refusedCount = 0
        var unloadCount = 0
        var longestWaitMilliseconds = 0
        /// Requests that are left waiting when nothing happens any more.
        var stuckCount = 0
    }

    private enum Event {
        case arrive(model: Int)
        case finish(ModelLease)
        case loaded(name: String, generation: UInt64)
        case ended(name: String, generation: UInt64)
        case look
    }

    private struct Request {
        var name: String
        var since: UInt64
        var came: Int
    }

    private static let loadMilliseconds = 500..<5_000
    private static let answerMilliseconds = 10..<20_000
    private static let endMilliseconds = 50..<500

    let models: [LocalModel]
    let needs: [String: Result<LoadNeed, InferenceError>]
    let limits: ModelHost.Limits
    private var room: MachineRoom
    private let totalRoom: MachineRoom
    private let random: SeededRandomSource
    private let start = ContinuousClock.now
    private var state = ModelHostState()
    private var milliseconds = 0
    private var events: [(at: Int, event: Event)] = []
    private var waiting: [Request] = []
    private var isLookPlanned = false
    private var outcome = Outcome()
    private let time: SteadyTime
    private let engine = RunningEngine(model: EchoModel(), slots: 4) {}

    init(
        models: [LocalModel], needs: [String: Result<LoadNeed, InferenceError>], room: MachineRoom,
        limits: ModelHost.Limits, random: SeededRandomSource
    ) {
        self.models = models
        self.needs = needs
        self.limits = limits
        self.room = room
        self.totalRoom = room
        self.random = random
        let start = self.start
        self.time = SteadyTime(now: { start }, sleep: { _ in })
    }

    private var now: ContinuousClock.Instant { self.start + .milliseconds(self.milliseconds) }

    private func number(_ range: Range<Int>) -> Int {
        range.lowerBound + Int(self.random.next() % UInt64(range.count))
    }

    private mutating func after(_ milliseconds: Int, _ event: Event) {
        self.events.append((self.milliseconds + milliseconds, event))
    }

    /// Lets so many requests come, `pauseMilliseconds` apart at most, and runs until nothing happens any more.
    mutating func run(requestCount: Int, pauseMilliseconds: Int) throws -> Outcome {
        var moment = 0
        for _ in 0..<requestCount {
            moment += self.number(0..<pauseMilliseconds)
            // Some models are asked for much more than others.
            let model = min(self.number(0..<self.models.count), self.number(0..<self.models.count))
            self.events.append((moment, .arrive(model: model)))
        }
        for _ in 0..<requestCount * 200 {
            guard let index = self.events.indices.min(by: { self.events[$0].at < self.events[$1].at }) else { break }
            let (at, event) = self.events.remove(at: index)
            self.milliseconds = at
            self.take(event)
            try self.settle()
        }
        self.outcome.stuckCount = self.waiting.count
        return self.outcome
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .arrive(let model):
            let name = self.models[model].name
            let since = self.state.asks(name)
            self.waiting.append(Request(name: name, since: since, came: self.milliseconds))
        case .finish(let lease): self.state.giveBack(lease, now: self.now)
        case .loaded(let name, let generation):
            _ = self.state.ready(name, generation, self.engine, self.limits, self.timeNow)
        case .ended(let name, let generation): self.state.unloaded(name, generation)
        case .look: self.isLookPlanned = false
        }
    }

    private var timeNow: SteadyTime {
        let now = self.now
        return SteadyTime(now: { now }, sleep: { _ in })
    }

    /// Requests and the line take their steps until nobody can take one.
    private mutating func settle() throws {
        for _ in 0..<1000 {
            let hasMoved = self.serve()
            let isLineMoving = try self.admit()
            if !hasMoved && !isLineMoving { return }
        }
        Issue.record("the host goes in a circle")
    }

    private mutating func serve() -> Bool {
        var hasMoved = false
        var left: [Request] = []
        // Whoever wakes first is served first.
        let shift = self.waiting.isEmpty ? 0 : self.number(0..<self.waiting.count)
        for request in self.waiting[shift...] + self.waiting[..<shift] {
            switch self.state.lease(request.name, now: self.now, since: request.since) {
            case .granted(let lease):
                self.outcome.grantedCount += 1
                let waited = self.milliseconds - request.came
                self.outcome.longestWaitMilliseconds = max(self.outcome.longestWaitMilliseconds, waited)
                self.state.noLongerAsks(request.name)
                self.after(self.number(Self.answerMilliseconds), .finish(lease))
                hasMoved = true
            case .fail:
                self.outcome.refusedCount += 1
                self.state.noLongerAsks(request.name)
                hasMoved = true
            case .load:
                let model = self.models.first { $0.name == request.name }
                if let model { _ = self.state.beginLoading(request.name, .local(model), now: self.now) }
                left.append(request)
                hasMoved = true
            case .wait, .pause, .refuse: left.append(request)
            }
        }
        self.waiting = left
        return hasMoved
    }

    private mutating func admit() throws -> Bool {
        let room = self.readRoom()
        let before = self.state.residents(now: self.now)
        switch self.state.admit(self.needs, in: room, self.limits, now: self.now) {
        case .start(let name, let generation, _, let plan):
            try self.check(plan.booking, beside: before, in: room)
            self.after(self.number(Self.loadMilliseconds), .loaded(name: name, generation: generation))
            return true
        case .unload(let unloaded, for: _):
            self.outcome.unloadCount += unloaded.count
            for model in unloaded {
                #expect(self.models.first { $0.name == model.name }?.isPinned == false)
                self.after(
                    self.number(Self.endMilliseconds), .ended(name: model.name, generation: model.generation))
            }
            return true
        case .failed: return true
        case .wait:
            if !self.isLookPlanned { self.after(1_000, .look) }
            self.isLookPlanned = true
            return false
        case .done: return false
        }
    }

    /// What the machine says now: other programs take some of it, and what is loaded is gone from what is free.
    private mutating func readRoom() -> MachineRoom {
        var room = self.totalRoom
        let settled = self.state.residents(now: self.now).filter(\.isSettled)
        for index in room.devices.indices where room.devices[index].isLive {
            let total = room.devices[index].profile.memoryBytes
            let others = total / 100 * UInt64(self.number(0..<10))
            let ours = settled.filter { $0.booking.deviceID == room.devices[index].id }
                .reduce(0) { $0 + $1.booking.deviceBytes }
            room.devices[index].profile.freeBytes = total - min(total, others + ours)
        }
        let own = settled.reduce(0) { $0 + $1.booking.hostBytes - $1.booking.mappedBytes }
        room.hostAvailableBytes = room.hostAvailableBytes.map { $0 - min($0, own) }
        return room
    }

    /// No more is booked than may be, and no more is started than is free.
    private func check(
        _ booking: MemoryBooking, beside residents: [Admission.Resident], in room: MachineRoom
    ) throws {
        let bookings = residents.map(\.booking) + [booking]
        for device in room.devices {
            let booked = bookings.filter { $0.deviceID == device.id }.reduce(0) { $0 + $1.deviceBytes }
            try #require(booked <= device.limitBytes, "\(device.id)")
        }
        if let device = room.devices.first(where: { $0.id == booking.deviceID }) {
            let loading = residents.filter { !$0.isSettled && $0.booking.deviceID == device.id }
            let unseen = loading.reduce(0) { $0 + $1.booking.deviceBytes }
            try #require(booking.deviceBytes + unseen <= device.profile.usableBytes, "\(device.id)")
        }
        let host = bookings.reduce(0) { $0 + $1.hostBytes }
        try #require(host <= room.hostLimitBytes ?? .max)
        try #require(residents.count < self.limits.loadedCountMax)
    }
}
