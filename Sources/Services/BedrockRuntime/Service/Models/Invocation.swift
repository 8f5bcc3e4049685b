internal import Inference
internal import ServiceModel
internal import Synchronization

/// A model that a request named, before the request itself is read: what is wrong with it counts for the model.
struct InvokedModel: Sendable {
    let id: ModelID
    let service: BedrockRuntimeService
    /// Why there is none, where only rules answer for it.
    let model: Result<any ChatModel, ServiceError>
    let metadata: RequestMetadata
    let context: RequestContext

    func failed(_ error: ServiceError) { self.service.meter.failed(self.id, error, self.metadata, self.context) }

    /// Reads the request; an error counts as one of the model's clients.
    func reading<Value>(_ read: () throws(ServiceError) -> Value) throws(ServiceError) -> Value {
        do throws(ServiceError) {
            return try read()
        } catch {
            self.failed(error)
            throw error
        }
    }

    /// As `reading`, of what takes time to read.
    func readingSlowly<Value: Sendable>(
        _ read: () async throws(ServiceError) -> Value
    ) async throws(ServiceError) -> Value {
        do throws(ServiceError) {
            return try await read()
        } catch {
            self.failed(error)
            throw error
        }
    }

    func countTokens(_ request: ChatRequest) async throws(ServiceError) -> Int {
        guard self.converses else { throw .invalid("The provided model doesn't support counting tokens.") }
        do {
            return try await self.model.get().countTokens(request.numberingCalls())
        } catch {
            throw ServiceError.told(error)
        }
    }

    /// Whether the model may converse: by what it is for, and by what its id promises.
    private var converses: Bool { (self.purpose == nil || self.purpose == .chat) && self.id.mayConverse }

    /// Applies the rule that fits: its delay is over, and its error thrown, when this returns.
    /// - Parameters:
    ///   - request: what is asked.
    ///   - prefix: what a sentence of the model's own begins with.
    /// - Returns: the invocation, whose answer may begin.
    /// - Throws: what keeps the model from its first word.
    func begin(_ request: ChatRequest, prefix: String = "") async throws(ServiceError) -> Invocation {
        let request = request.by(self.context.principal).numberingCalls()
        if let fault = ClaudeLimits.fault(begun: request.messages, self.id) {
            let refusal = ServiceError.invalid(prefix + fault)
            self.failed(refusal)
            throw refusal
        }
        let rule = self.service.rules.take(self.id, request)
        do throws(ServiceError) {
            let recorded = try self.service.rules.recorded(rule, self.id, request)
            var invocation = Invocation(self, request, rule: rule, recorded: recorded)
            if !invocation.isCanned { _ = try self.model.get() }
            guard self.converses || invocation.isCanned else {
                throw ServiceError.invalid(
                    "This action doesn't support the model that you provided. Try again with a supported text or chat "
                        + "model.")
            }
            try await invocation.prepare()
            try await invocation.lookUp()
            return invocation
        } catch {
            self.failed(error)
            throw error
        }
    }
}

extension BedrockRuntimeService {
    /// The model that a request names.
    func model(
        _ id: ModelID, _ context: RequestContext, _ metadata: RequestMetadata = .none
    ) async throws(ServiceError) -> InvokedModel {
        let model: Result<any ChatModel, ServiceError>
        do throws(ServiceError) {
            model = .success(try await self.catalog.model(id))
        } catch {
            guard self.rules.answers(id) else {
                self.meter.failed(id, error, metadata, context)
                throw error
            }
            model = .failure(error)
        }
        return InvokedModel(id: id, service: self, model: model, metadata: metadata, context: context)
    }
}

/// One request to a model on its way to the answer: rules hold, and what it takes is metered.
struct Invocation: Sendable {
    /// Says which rule gave the answer: what is canned must not be taken for inference.
    static let ruleHeader = "x-brume-rule"
    /// `hit` where an answer was kept from before, `miss` where it is computed and kept now.
    static let cacheHeader = "x-brume-response-cache"

    private let invoked: InvokedModel
    private let request: ChatRequest
    private let rule: ModelRule?
    private let recorded: RecordedTurn?
    private let started = ContinuousClock.now
    /// What names the answer where answers are kept; nil where this one is not.
    private var fingerprint: [UInt8]?
    private var kept: ModelAnswer?

    fileprivate init(_ invoked: InvokedModel, _ request: ChatRequest, rule: ModelRule?, recorded: RecordedTurn?) {
        self.invoked = invoked
        self.request = request
        self.rule = rule
        self.recorded = recorded
    }

    fileprivate func prepare() async throws(ServiceError) {
        guard let rule = self.rule else { return }
        self.invoked.context.answer(Self.ruleHeader, rule.name)
        if let recorded = self.recorded { self.invoked.context.answer(RecordedTurn.header, recorded.headerValue) }
        do {
            try await Self.pause(rule.delayMilliseconds)
        } catch {
            throw ServiceError.told(error)
        }
        if let failure = rule.failure, failure.afterPieces == nil { throw InjectedError.error(failure) }
    }

    /// Finds the answer that was kept of the same request; canned ones and those of chance are never kept.
    fileprivate mutating func lookUp() async throws(ServiceError) {
        guard let cache = self.invoked.service.responses, self.rule == nil, self.request.isDeterministic,
            let model = try self.invoked.model.get() as? any IdentifiedModel
        else { return }
        let identity: String?
        do {
            identity = try await model.identity()
        } catch {
            throw ServiceError.told(error)
        }
        guard let identity else { return }
        let fingerprint = RequestFingerprint.digest(
            self.request, identity: identity, owner: self.invoked.context.principal.arn)
        self.fingerprint = fingerprint
        self.kept = await cache.answer(fingerprint)
        self.invoked.context.answer(Self.cacheHeader, self.kept == nil ? "miss" : "hit")
    }

    /// Has the model answer, or says again what it has said; `send` is given each event in order.
    func chat(_ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let firstPiece = Mutex<Duration?>(nil)
        do {
            let gathered = AnswerGathering(isOn: self.fingerprint != nil && self.kept == nil)
            let started = self.started
            let noted = send.mapped { (event: ChatEvent) in
                gathered.add(event)
                firstPiece.withLock { $0 = $0 ?? started.duration(to: .now) }
                return [event]
            }
            let outcome = try await self.answering(by: self.rule).chat(
                self.request, self.rule.map { Self.holding($0, noted) } ?? noted)
            if let failure = self.rule?.failure { throw InjectedError.error(failure) }
            self.invoked.service.meter.answered(
                // How fast what was canned came says nothing of a model.
                self.invoked.id, outcome, firstPiece: self.isCanned ? nil : firstPiece.withLock { $0 },
                total: self.started.duration(to: .now), isKept: self.kept != nil,
                self.invoked.metadata, self.invoked.context)
            if let fingerprint = self.fingerprint, let answer = gathered.answer(outcome) {
                await self.invoked.service.responses?.keep(answer, for: fingerprint)
            }
            return outcome
        } catch {
            switch error {
            case let error as ServiceError:
                self.invoked.failed(error)
            case let error as InferenceError:
                self.invoked.failed(ServiceError(error))
            // The client has gone.
            default: break
            }
            throw error
        }
    }

    /// Whether the rule that holds needs no model.
    fileprivate var isCanned: Bool {
        guard let rule = self.rule else { return false }
        if case .replay? = self.recorded { return true }
        return rule.reply != nil || rule.failure.map { $0.afterPieces == nil } ?? false
    }

    private func answering(by rule: ModelRule?) throws -> any ChatModel {
        if let kept = self.kept { return ReplayedModel(kept) }
        if let reply = rule?.reply { return CannedModel(events: Self.events(reply, callCount: self.request.callCount)) }
        switch self.recorded {
        case .replay(let answer, let isPaced)?: return ReplayedModel(answer.answer, isPaced: isPaced)
        case .record(let recording, _)?:
            return RecordingModel(
                try self.invoked.model.get(), name: self.invoked.id.name, into: recording,
                clock: self.invoked.service.clock)
        case nil: return try self.invoked.model.get()
        }
    }

    /// Calls are numbered through a conversation.
    private static func events(_ reply: [ModelRule.Part], callCount: Int) -> [ChatEvent] {
        reply.enumerated().map { index, part in
            switch part {
            case .text(let text): .text(text)
            case .reasoning(let text): .reasoning(text)
            case .toolUse(let name, let input):
                .toolCall(ToolCall(id: "rule_\(callCount + index + 1)", name: name, arguments: input))
            }
        }
    }

    /// What a rule does before each piece, and then hands on.
    private static func holding(_ rule: ModelRule, _ send: Sink<ChatEvent>) -> Sink<ChatEvent> {
        let pieces = Atomic(0)
        return .waiting { event in
            try await Self.hold(rule, pieces.wrappingAdd(1, ordering: .relaxed).oldValue)
            try await send(event)
        }
    }

    /// What a rule does before the piece of that number.
    private static func hold(_ rule: ModelRule, _ pieceIndex: Int) async throws {
        if let failure = rule.failure, let after = failure.afterPieces, pieceIndex >= after {
            throw InjectedError.error(failure)
        }
        try await self.pause(rule.pieceDelayMilliseconds)
    }

    private static func pause(_ milliseconds: Int) async throws {
        if milliseconds > 0 { try await Task.sleep(for: .milliseconds(milliseconds)) }
    }
}
