internal import Inference
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Telemetry

/// Counts what models are asked and what they answer, as the metrics that Bedrock gives CloudWatch and as usage that is
/// kept.
///
/// - Source: Amazon Bedrock User Guide, "Monitoring the performance of Amazon Bedrock".
struct Meter: Sendable {
    static let namespace = "AWS/Bedrock"

    let telemetry: any TelemetryPort
    let clock: any WallClock
    let ledger: UsageLedger?
    /// Has a line for each invocation.
    let log: any LogSink

    /// An answer that was given.
    ///
    /// One that was kept from before counts as any other, and as a response that was read from the cache: that is ours,
    /// AWS has no such cache.
    func answered(
        _ id: ModelID, _ outcome: ChatOutcome, firstPiece: Duration?, total: Duration, isKept: Bool = false,
        _ metadata: RequestMetadata, _ context: RequestContext
    ) {
        let milliseconds = Self.milliseconds(total)
        self.record("Invocations", 1, "Count", id, context)
        self.record("InvocationLatency", milliseconds, "Milliseconds", id, context)
        self.record("InputTokenCount", Double(outcome.uncachedInputTokens), "Count", id, context)
        self.record("OutputTokenCount", Double(outcome.outputTokens), "Count", id, context)
        if let firstPiece {
            self.record("TimeToFirstToken", Self.milliseconds(firstPiece), "Milliseconds", id, context)
            let rest = (total - firstPiece) / .seconds(1)
            if outcome.outputTokens > 1, rest > 0 {
                self.record(
                    "OutputTokensPerSecond", Double(outcome.outputTokens - 1) / rest, "Count/Second", id, context)
            }
        }
        if outcome.timing.queued > .zero {
            self.record("QueueTime", Self.milliseconds(outcome.timing.queued), "Milliseconds", id, context)
        }
        if isKept { self.record("ResponseCacheHits", 1, "Count", id, context) }
        if outcome.cachePointTokens != nil {
            self.record("CacheReadInputTokens", Double(outcome.cacheReadTokens), "Count", id, context)
            self.record("CacheWriteInputTokens", Double(outcome.cacheWriteTokens), "Count", id, context)
        }
        self.write(id, outcome, nil, metadata, context)
        self.ledger?.add(
            UsageTotals(
                invocations: 1, inputTokens: outcome.uncachedInputTokens, outputTokens: outcome.outputTokens,
                cacheReadTokens: outcome.cacheReadTokens, cacheWriteTokens: outcome.cacheWriteTokens,
                keptResponses: isKept ? 1 : 0),
            to: UsageKey(
                time: self.clock.now(), account: context.account.description, principal: context.principal.arn,
                model: id.name))
    }

    /// A request that was refused, or an answer that broke off.
    func failed(_ id: ModelID, _ error: ServiceError, _ metadata: RequestMetadata, _ context: RequestContext) {
        self.write(id, nil, error, metadata, context)
        switch error.status {
        case 429: self.record("InvocationThrottles", 1, "Count", id, context)
        // A model that failed or took too long is no fault of the client's.
        case 408, 424, 500...: self.record("InvocationServerErrors", 1, "Count", id, context)
        default: self.record("InvocationClientErrors", 1, "Count", id, context)
        }
    }

    /// The invocation's line in the log; its request has another one, with the same id. Neither prompts nor answers are
    /// in it.
    private func write(
        _ id: ModelID, _ outcome: ChatOutcome?, _ error: ServiceError?, _ metadata: RequestMetadata,
        _ context: RequestContext
    ) {
        var members: [LogRecord.Member] = [
            .init("requestId", .string(context.requestID.description)), .init("modelId", .string(id.text)),
            .init("principal", .string(context.principal.arn)),
        ]
        if let outcome {
            members.append(.init("inputTokens", .integer(Int64(outcome.uncachedInputTokens))))
            members.append(.init("outputTokens", .integer(Int64(outcome.outputTokens))))
            if outcome.cachePointTokens != nil {
                members.append(.init("cacheReadInputTokens", .integer(Int64(outcome.cacheReadTokens))))
                members.append(.init("cacheWriteInputTokens", .integer(Int64(outcome.cacheWriteTokens))))
            }
        }
        if let error { members.append(.init("error", .string(error.code))) }
        members += metadata.logMembers
        self.log.write(LogRecord(time: self.clock.now(), level: .info, message: "invocation", members: members))
    }

    private func record(_ name: String, _ value: Double, _ unit: String, _ id: ModelID, _ context: RequestContext) {
        let datum = MetricDatum(
            namespace: Self.namespace, name: name, dimensions: [MetricDatum.Dimension("ModelId", id.text)],
            value: value,
            unit: unit)
        self.telemetry.record(datum, account: context.account, region: context.region, time: self.clock.now())
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        duration / .milliseconds(1)
    }
}
