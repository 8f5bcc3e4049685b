internal import DynamoDBModel
internal import ServiceModel

/// The reasons for which a transaction was cancelled: one for each of its actions, in order.
enum Cancellation {
    private static let none = CancellationReason(code: "None")

    /// The error with the sentence that lists every action's reason.
    private static func error(_ reasons: [CancellationReason]) -> ServiceError {
        let codes = reasons.map { $0.code ?? "None" }.joined(separator: ", ")
        return DynamoDBError.transactionCanceled(
            message: "Transaction cancelled, please refer cancellation reasons for specific reasons [\(codes)]",
            cancellationReasons: reasons
        )
    }

    /// - Parameter failures: why each action was refused; nil for an action that was not.
    /// - Returns: nil when no action was refused.
    static func error(_ failures: [ServiceError?]) -> ServiceError? {
        guard failures.contains(where: { $0 != nil }) else { return nil }
        return self.error(failures.map { $0.map(self.reason) ?? self.none })
    }

    /// Concurrent writers won repeatedly; `index` is the contested action, if known.
    static func conflict(at index: Int?, of count: Int) -> ServiceError {
        let reason = CancellationReason(
            code: "TransactionConflict", message: DynamoDBError.transactionConflict.message
        )
        return self.error((0..<count).map { index == nil || $0 == index ? reason : self.none })
    }

    private static func reason(_ failure: ServiceError) -> CancellationReason {
        if failure.detail is DuplicateItemException {
            return CancellationReason(code: "DuplicateItem", message: failure.message)
        }
        if let code = Throttled.cancellationCode(failure) {
            return CancellationReason(code: code, message: failure.message)
        }
        guard let failed = failure.detail as? ConditionalCheckFailedException else {
            return CancellationReason(code: "ValidationError", message: failure.message)
        }
        return CancellationReason(item: failed.item, code: "ConditionalCheckFailed", message: failure.message)
    }
}
