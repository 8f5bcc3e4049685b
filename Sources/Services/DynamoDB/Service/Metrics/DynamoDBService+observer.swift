internal import DynamoDBModel
internal import DynamoDBStreamsModel
internal import Primitives
internal import ServiceModel
internal import Telemetry

extension DynamoDBService {
    /// Counts the outcomes of an operation's requests; nil for operations without metrics.
    func observer(_ schema: OperationSchema) -> OperationObserver? {
        guard let operation = MeteredOperation(name: schema.name) else { return nil }
        return OperationObserver(
            answered: { input, context, output, duration in
                self.countAnswered(operation, input, context, output, duration)
            },
            refused: { input, context, error in self.countRefused(operation, input, context, error) }
        )
    }

    private func countAnswered(
        _ operation: MeteredOperation, _ input: any DecodedInput, _ context: RequestContext,
        _ output: any WritableShape, _ duration: Duration
    ) {
        let milliseconds = duration / .milliseconds(1)
        // Most requests have one table, and this path for them allocates no list.
        if let table = operation.table(input) {
            let returned = operation.returnedCount(output)
            self.operationMeter.count(
                .init(table: TableReference(answered: table, context), operation: operation)
            ) { counts in
                counts.latency.add(milliseconds)
                if let returned { counts.returned.add(Double(returned)) }
            }
            return
        }
        var seen: Set<MeteredRequest> = []
        for part in operation.parts(input, self.statementTargets) where seen.insert(part).inserted {
            self.operationMeter.count(self.key(operation, part, context)) { counts in
                counts.latency.add(milliseconds)
                if let returned = operation.returnedCount(output) { counts.returned.add(Double(returned)) }
                if let records = (output as? GetRecordsOutput)?.records {
                    let bytes = records.reduce(0) { $0 + ($1.dynamodb?.sizeBytes ?? 0) }
                    counts.returnedBytes.add(Double(bytes))
                }
            }
        }
        if let output = output as? BatchExecuteStatementOutput { self.countMembers(operation, input, context, output) }
    }

    /// Counts the outcomes of the statements of a batch, each of which has its own error.
    private func countMembers(
        _ operation: MeteredOperation, _ input: any DecodedInput, _ context: RequestContext,
        _ output: BatchExecuteStatementOutput
    ) {
        let parts = operation.parts(input, self.statementTargets)
        let codes = (output.responses ?? []).map { $0.error?.code }
        for (part, code) in zip(parts, codes) where self.isKnown(part, context) {
            if code == .conditionalCheckFailed {
                self.operationMeter.count(self.key(operation, part, context)) { $0.failedConditions += 1 }
            }
            if code == .transactionConflict {
                self.operationMeter.count(self.key(operation, part, context)) { $0.conflicts.add(1) }
            }
        }
        let throttled: Set<BatchStatementErrorCodeEnum?> = [.provisionedThroughputExceeded, .throttlingError]
        guard !codes.isEmpty, codes.allSatisfy({ throttled.contains($0) }) else { return }
        for part in Set(parts) where self.isKnown(part, context) {
            self.operationMeter.count(self.key(operation, part, context)) { $0.throttled += 1 }
        }
    }

    private func countRefused(
        _ operation: MeteredOperation, _ input: any DecodedInput, _ context: RequestContext, _ error: ServiceError
    ) {
        let parts = operation.parts(input, self.statementTargets)
        let outcomes: [FailureMetric?]
        if let reasons = (error.detail as? TransactionCanceledException)?.cancellationReasons,
            reasons.count == parts.count
        {
            outcomes = reasons.map { FailureMetric(cancellationCode: $0.code) }
        } else {
            outcomes = parts.map { _ in FailureMetric(error) }
        }
        var failures: [MeteredRequest: [FailureMetric: Int]] = [:]
        for (part, outcome) in zip(parts, outcomes) {
            if let outcome { failures[part, default: [:]][outcome, default: 0] += 1 }
        }
        for (part, failures) in failures where self.isKnown(part, context) {
            self.operationMeter.count(self.key(operation, part, context)) { counts in
                for (outcome, count) in failures {
                    switch outcome {
                    case .throttled: counts.throttled += 1
                    case .systemError: counts.systemErrors += 1
                    case .failedCondition: counts.failedConditions += count
                    case .conflict: counts.conflicts.add(Double(count))
                    }
                }
            }
        }
    }

    private func key(
        _ operation: MeteredOperation, _ part: MeteredRequest, _ context: RequestContext
    ) -> OperationMeter.Key {
        OperationMeter.Key(
            table: TableReference(answered: part.table, context), operation: operation, qualifier: part.qualifier)
    }

    /// Whether the table exists: requests for missing tables must not create time series.
    private func isKnown(_ part: MeteredRequest, _ context: RequestContext) -> Bool {
        self.catalog.cached(TableReference(answered: part.table, context)) != nil
    }

    /// Counts client errors, of every operation.
    ///
    /// Throttling and failed conditions are counted for their tables instead.
    func countError(_ error: ServiceError, _ context: RequestContext) {
        guard error.status < 500 else { return }
        switch FailureMetric(error) {
        case .throttled, .failedCondition: return
        case nil, .conflict, .systemError: break
        }
        if let reasons = (error.detail as? TransactionCanceledException)?.cancellationReasons {
            let others = reasons.filter { reason in
                guard let code = reason.code, code != "None" else { return false }
                return FailureMetric(cancellationCode: code) != .throttled
            }
            if others.isEmpty { return }
        }
        self.operationMeter.countUserError(context)
    }
}

/// The dedicated metric of an error.
///
/// - Source: DynamoDB Developer Guide, "DynamoDB metrics and dimensions".
private enum FailureMetric: Sendable, Hashable {
    case throttled, failedCondition, conflict, systemError

    init?(_ error: ServiceError) {
        if error.isServerFault {
            self = .systemError
        } else if error.isThrottling {
            self = .throttled
        } else if error.code == "ConditionalCheckFailedException" {
            self = .failedCondition
        } else if error.code == "TransactionConflictException" {
            self = .conflict
        } else {
            return nil
        }
    }

    /// The metric of a reason for which a transaction was cancelled.
    init?(cancellationCode code: String?) {
        switch code {
        case "ProvisionedThroughputExceeded", "ThrottlingError": self = .throttled
        case "ConditionalCheckFailed": self = .failedCondition
        case "TransactionConflict": self = .conflict
        default: return nil
        }
    }
}
