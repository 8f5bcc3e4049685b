internal import Inference
internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// Converts the output of a model to the events of a streamed response, as JSON texts, and collects its output items.
struct ResponsesEvents {
    private enum Kind {
        case text, reasoning
    }

    /// An item in progress.
    private struct Item {
        let kind: Kind
        let id: String
        var text = ""
        /// Its deltas without text and number: they are written without building a document for each.
        let delta: JSONFrame
    }

    private let stamp: AnswerStamp
    private let body: Document
    private let isKept: Bool
    private var open: Item?
    private var output: [Document] = []
    private var sequence = 0
    private var itemCount = 0
    private var hasBegun = false

    init(stamp: AnswerStamp, body: Document, isKept: Bool) {
        self.stamp = stamp
        self.body = body
        self.isKept = isKept
    }

    /// The first events; sent once, with the first output of the model, since an error before it is returned as the
    /// answer.
    mutating func begin() -> [[UInt8]] {
        guard !self.hasBegun else { return [] }
        self.hasBegun = true
        let response = self.response(nil)
        return [
            self.event("response.created", [.init("response", response)]),
            self.event("response.in_progress", [.init("response", response)]),
        ]
    }

    mutating func events(_ event: ChatEvent) -> [[UInt8]] {
        switch event {
        case .text(let text): self.grow(.text, by: text)
        case .reasoning(let text): self.grow(.reasoning, by: text)
        case .toolCall(let call): self.close() + self.call(call)
        }
    }

    mutating func end(_ outcome: ChatOutcome) -> [[UInt8]] {
        let events = self.close(by: outcome)
        let name = Self.isIncomplete(outcome) ? "response.incomplete" : "response.completed"
        return events + [self.event(name, [.init("response", self.response(outcome))])]
    }

    /// The events of a response that fails while it is streamed; none before the start, since the error is the answer
    /// then.
    /// - Returns: the events, and the error to send after them.
    mutating func fail(_ error: ServiceError) -> (events: [[UInt8]], last: ServiceError) {
        guard self.hasBegun else { return ([], error) }
        self.open = nil
        let failed = self.event("response.failed", [.init("response", self.response(nil, failure: error))])
        let fault = StreamFault(message: error.message, sequenceNumber: self.sequence)
        return (
            [failed], ServiceError(code: error.code, status: error.status, message: error.message, detail: fault)
        )
    }

    private mutating func grow(_ kind: Kind, by text: String) -> [[UInt8]] {
        let events = self.open?.kind == kind ? [] : self.close() + self.begin(kind)
        self.open?.text += text
        guard var delta = self.open?.delta.json(text) else { preconditionFailure("an item that grows is open") }
        // The sequence number is the last member, and not part of the frame.
        delta.removeLast()
        delta += ",\"sequence_number\":\(self.sequence)}".utf8
        self.sequence += 1
        return events + [delta]
    }

    private mutating func begin(_ kind: Kind) -> [[UInt8]] {
        switch kind {
        case .text:
            let id = self.newID("msg")
            self.open = Item(kind: kind, id: id, delta: self.delta("response.output_text.delta", id, hasLogprobs: true))
            return [
                self.itemEvent("response.output_item.added", Self.message(id, nil)),
                self.partEvent("response.content_part.added", id, Self.outputText("")),
            ]
        case .reasoning:
            let id = self.newID("rs")
            self.open = Item(
                kind: kind, id: id, delta: self.delta("response.reasoning_text.delta", id, hasLogprobs: false))
            return [
                self.itemEvent("response.output_item.added", Self.reasoningItem(id, nil)),
                self.partEvent("response.content_part.added", id, Self.reasoningText("")),
            ]
        }
    }

    private func delta(_ type: String, _ id: String, hasLogprobs: Bool) -> JSONFrame {
        JSONFrame { text in
            .object(
                [.init("type", .string(type))] + self.place(id) + [.init("delta", text)]
                    + (hasLogprobs ? [.init("logprobs", .array([]))] : []))
        }
    }

    private mutating func call(_ call: ToolCall) -> [[UInt8]] {
        let id = self.newID("fc")
        let arguments = Document.string(call.arguments.jsonText)
        let place: [Document.Member] = [
            .init("item_id", .string(id)), .init("output_index", .number(self.output.count)),
        ]
        let started = Self.functionCall(id, call, arguments: .string(""), status: "in_progress")
        let whole = Self.functionCall(id, call, arguments: arguments, status: "completed")
        let events = [
            self.itemEvent("response.output_item.added", started),
            self.event("response.function_call_arguments.delta", place + [.init("delta", arguments)]),
            self.event("response.function_call_arguments.done", place + [.init("arguments", arguments)]),
            self.itemEvent("response.output_item.done", whole),
        ]
        self.output.append(whole)
        return events
    }

    /// Ends the item in progress; `outcome` is nil when another item follows.
    mutating func close(by outcome: ChatOutcome? = nil) -> [[UInt8]] {
        guard let open = self.open.take() else { return [] }
        let text = Document.string(open.text)
        let status = outcome.map(Self.isIncomplete) ?? false ? "incomplete" : "completed"
        switch open.kind {
        case .text:
            let item = Self.message(open.id, open.text, status)
            defer { self.output.append(item) }
            return [
                self.contentEvent(
                    "response.output_text.done", open.id, [.init("text", text), .init("logprobs", .array([]))]),
                self.partEvent("response.content_part.done", open.id, Self.outputText(open.text)),
                self.itemEvent("response.output_item.done", item),
            ]
        case .reasoning:
            let item = Self.reasoningItem(open.id, open.text, status)
            defer { self.output.append(item) }
            return [
                self.contentEvent("response.reasoning_text.done", open.id, [.init("text", text)]),
                self.partEvent("response.content_part.done", open.id, Self.reasoningText(open.text)),
                self.itemEvent("response.output_item.done", item),
            ]
        }
    }

    private mutating func newID(_ kind: String) -> String {
        defer { self.itemCount += 1 }
        return "\(kind)_\(self.stamp.token)\(self.itemCount)"
    }

    private mutating func event(_ type: String, _ members: [Document.Member]) -> [UInt8] {
        defer { self.sequence += 1 }
        let event = Document.object(
            [.init("type", .string(type)), .init("sequence_number", .number(self.sequence))] + members)
        return event.json
    }

    /// The position of an item's content.
    private func place(_ id: String) -> [Document.Member] {
        [
            .init("item_id", .string(id)), .init("output_index", .number(self.output.count)),
            .init("content_index", .number(0)),
        ]
    }

    private mutating func itemEvent(_ type: String, _ item: Document) -> [UInt8] {
        self.event(type, [.init("output_index", .number(self.output.count)), .init("item", item)])
    }

    private mutating func contentEvent(_ type: String, _ id: String, _ members: [Document.Member]) -> [UInt8] {
        self.event(type, self.place(id) + members)
    }

    private mutating func partEvent(_ type: String, _ id: String, _ part: Document) -> [UInt8] {
        self.contentEvent(type, id, [.init("part", part)])
    }
}

extension ResponsesEvents {
    fileprivate static func isIncomplete(_ outcome: ChatOutcome) -> Bool {
        outcome.stopReason == .tokensMax || outcome.stopReason == .contextFull
    }

    /// The response so far; `outcome` is nil while it is in progress, and when it failed.
    func response(_ outcome: ChatOutcome?, failure: ServiceError? = nil) -> Document {
        let isIncomplete = outcome.map(Self.isIncomplete) ?? false
        let state = outcome == nil ? "in_progress" : isIncomplete ? "incomplete" : "completed"
        let status = failure == nil ? state : "failed"
        let told = Document.object([
            "id": .string("resp_\(self.stamp.token)"), "object": .string("response"),
            "created_at": .number(Int(self.stamp.time.secondsSinceEpoch)), "status": .string(status),
            "background": .boolean(false), "error": failure.map(Self.error) ?? .null,
            "incomplete_details": isIncomplete ? .object(["reason": .string("max_output_tokens")]) : .null,
            "model": .string(self.stamp.model.text), "output": .array(self.output), "store": .boolean(self.isKept),
            "usage": outcome.map(Self.usage) ?? .null,
        ])
        return .object(told.members + self.asked.members + self.labels)
    }

    /// The parameters of the request that the response repeats; a null member counts as absent.
    private var asked: Document {
        func told(_ name: String, or standard: Document = .null) -> Document {
            self.body[name].flatMap { $0 == .null ? nil : $0 } ?? standard
        }
        return .object([
            "instructions": told("instructions"), "max_output_tokens": told("max_output_tokens"),
            "metadata": told("metadata", or: .object([])),
            "parallel_tool_calls": told("parallel_tool_calls", or: .boolean(true)),
            "previous_response_id": told("previous_response_id"),
            "reasoning": told("reasoning", or: .object(["effort": .null, "summary": .null])),
            "service_tier": told("service_tier") == .null ? nil : OpenAIFamily.tier,
            "temperature": told("temperature"), "text": Self.text(told("text")),
            "tool_choice": told("tool_choice", or: .string("auto")), "tools": told("tools", or: .array([])),
            "top_p": told("top_p"), "truncation": .string("disabled"),
        ])
    }

    /// The parameters without effect here that the response repeats if the request has them: clients read them back.
    /// - Source: OpenAI API reference, "The response object".
    private var labels: [Document.Member] {
        let names = ["max_tool_calls", "prompt_cache_key", "safety_identifier", "user"]
        return names.compactMap { name in
            guard let value = self.body[name], value != .null else { return nil }
            return Document.Member(name, value)
        }
    }

    /// The text configuration of the response, with the default format if the request gives none.
    private static func text(_ asked: Document) -> Document {
        guard asked["format"].map({ $0 == .null }) ?? true else { return asked }
        let format = Document.Member("format", .object(["type": .string("text")]))
        return .object([format] + asked.members.filter { $0.name != "format" })
    }

    private static func error(_ failure: ServiceError) -> Document {
        let code = OpenAIError.status(failure) == 429 ? "rate_limit_exceeded" : "server_error"
        return .object(["code": .string(code), "message": .string(failure.message)])
    }

    private static func usage(_ outcome: ChatOutcome) -> Document {
        .object([
            "input_tokens": .number(outcome.inputTokens),
            "input_tokens_details": .object([
                "cached_tokens": .number(outcome.cachedInputTokens), "cache_write_tokens": .number(0),
            ]),
            "output_tokens": .number(outcome.outputTokens),
            "output_tokens_details": .object(["reasoning_tokens": .number(outcome.reasoningTokens ?? 0)]),
            "total_tokens": .number(outcome.inputTokens + outcome.outputTokens),
        ])
    }

    /// A message; its text is nil while it is still empty.
    fileprivate static func message(_ id: String, _ text: String?, _ status: String = "in_progress") -> Document {
        .object([
            "id": .string(id), "type": .string("message"), "status": .string(status), "role": .string("assistant"),
            "content": .array(text.map { [self.outputText($0)] } ?? []),
        ])
    }

    fileprivate static func outputText(_ text: String) -> Document {
        .object([
            "type": .string("output_text"), "text": .string(text), "annotations": .array([]), "logprobs": .array([]),
        ])
    }

    fileprivate static func reasoningItem(
        _ id: String, _ text: String?, _ status: String = "in_progress"
    ) -> Document {
        .object([
            "id": .string(id), "type": .string("reasoning"), "summary": .array([]),
            "content": .array(text.map { [self.reasoningText($0)] } ?? []), "status": .string(status),
        ])
    }

    fileprivate static func reasoningText(_ text: String) -> Document {
        .object(["type": .string("reasoning_text"), "text": .string(text)])
    }

    fileprivate static func functionCall(
        _ id: String, _ call: ToolCall, arguments: Document, status: String
    ) -> Document {
        .object([
            "id": .string(id), "type": .string("function_call"), "status": .string(status),
            "call_id": .string(CallIDs.openAI.id(call)), "name": .string(call.name), "arguments": arguments,
        ])
    }
}
