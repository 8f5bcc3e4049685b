internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

extension ServiceError {
    /// What the request's own values break.
    static func validation(_ message: String) -> ServiceError {
        ServiceError(code: "ValidationException", status: 400, message: message)
    }

    static func validation(_ failure: ValidationFailure) -> ServiceError {
        self.validation(failure.message)
    }

    /// The answer of operations on items when there is no such table.
    static var resourceNotFound: ServiceError {
        DynamoDBError.resourceNotFound(message: "Requested resource not found")
    }

    /// Whether the same request may be answered after a pause.
    var isThrottling: Bool { ["ProvisionedThroughputExceededException", "ThrottlingException"].contains(self.code) }

    /// What a client is told of a storage error that no retry of ours could mend.
    ///
    /// The reasons are for the operator; they stand on `/readyz` and in the log, not in the answer.
    init(_ error: StorageError) {
        switch error {
        case .checkFailed, .conflict:
            self = DynamoDBError.transactionConflict
        case .tooLarge:
            self = .validation("Item size has exceeded the maximum allowed size")
        case .overloaded:
            self = ServiceError(
                code: "ThrottlingException",
                status: 400,
                message: "The rate of requests exceeds what this server can store. Retry after a pause."
            )
        case .unknownOutcome, .unavailable, .corrupt, .tokenMismatch:
            self = ServiceError(
                code: "ServiceUnavailable",
                status: 503,
                message: "The store does not take writes now; /readyz of the server names the reason."
            )
        }
    }
}

extension DynamoDBError {
    /// Too many writers fought for one item.
    static var transactionConflict: ServiceError {
        ServiceError(
            code: "TransactionConflictException",
            status: 400,
            message: "Transaction is ongoing for the item"
        )
    }
}

/// Runs checks that word what they refuse as DynamoDB does, and makes their refusals `ValidationException`s.
func validating<Value>(_ work: () throws(ValidationFailure) -> Value) throws(ServiceError) -> Value {
    do throws(ValidationFailure) {
        return try work()
    } catch {
        throw .validation(error)
    }
}

/// The same for PutItem, UpdateItem and DeleteItem, which put other words before what they refuse without looking at
/// the table.
func validatingEnveloped<Value>(_ work: () throws(ValidationFailure) -> Value) throws(ServiceError) -> Value {
    do throws(ValidationFailure) {
        return try work()
    } catch {
        throw .validation(error.enveloped)
    }
}
