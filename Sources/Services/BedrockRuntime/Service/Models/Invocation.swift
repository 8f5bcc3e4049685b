internal import Inference
internal import ServiceModel
internal import Synchronization

/// The model named by a request, before the request itself is parsed: its errors are counted for the model.
struct InvokedModel: Sendable {
    let id: ModelID
    let service: BedrockRuntimeService
    /// The model, or the error when only rules answer for the id.
    let model: Result<any ChatModel, ServiceError>
    let metadata: RequestMetadata
    let context: RequestContext

    func failed(_ error: ServiceError) { self.service.meter.failed(self.id, error, self.metadata, self.context) }

    /// Parses the request; an error counts as a client error of the model.
    func reading<Value>(_ read: () throws(ServiceError) -> Value) throws(ServiceError) -> Value {
        do throws(ServiceError) {
            return try read()
        } catch {
            self.failed(error)
            throw error
        }
    }

    /// Like `reading`, for lengthy parsing.
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

    /// Whether the model supports conversations: by its purpose, and by its id.
    private var converses: Bool { (self.purpose == nil || self.purpose == .chat) && self.id.mayConverse }

    /// Applies the matching rule: its delay is over, or its error thrown, when this returns.
    /// - Parameters:
    ///   - request: the conversation.
    ///   - prefix: the beginning of the model's own error sentences.
    /// - Returns: the invocation, whose answer can start.
    /// - Throws: errors before the first output of the model.
    func begin(_ request: ChatRequest, prefix: String = "") async throws(ServiceError) -> Invocation {
        let request = request.by(self.context.principal).numberingCalls()
        if let fault = ClaudeLimits.fault(begun: request.messages, self.id) {
            let refusal = ServiceError.invalid(prefix + fault)
            self.failed(refusal)
            throw refusal
        }
        let rule = await self.service.rules.take(self.id, request)
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

/// One request to a model, from the rules to the answer and its metering.
struct Invocation: Sendable {
    /// Names the rule that gave the answer: canned answers must not be mistaken for inference.
    static let ruleHeader = "x-brume-rule"
    /// `hit` for a cached answer, `miss` for one that is computed and then cached.
    static let cacheHeader = "x-brume-response-cache"

    private let invoked: InvokedModel
    private let request: ChatRequest
    private let rule: ModelRule?
    private let recorded: RecordedTurn?
    private let started = ContinuousClock.now
    /// The key of the answer in the cache; nil when it is not cached.
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

    /// Looks up the cached answer of an identical request; canned and random answers are never cached.
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

    /// Has the model answer, or replays a previous answer; `send` receives each event in order.
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
                // The speed of a canned answer says nothing about a model.
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
            // The client has disconnected.
            default: break
            }
            throw error
        }
    }

    /// Whether the applicable rule needs no model.
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

    /// Calls are numbered throughout a conversation.
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

    /// Applies a rule's delays and error before each piece, and passes the piece on.
    private static func holding(_ rule: ModelRule, _ send: Sink<ChatEvent>) -> Sink<ChatEvent> {
        let pieces = Atomic(0)
        return .waiting { event in
            try await Self.hold(rule, pieces.wrappingAdd(1, ordering: .relaxed).oldValue)
            try await send(event)
        }
    }

    /// Applies a rule's delay or error before the piece with that index.
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
