internal import DynamoDBModel
internal import DynamoDBValues
internal import KeyValue
internal import ServiceModel

extension ServiceError {
    /// The error for invalid values in a request.
    static func validation(_ message: String) -> ServiceError {
        ServiceError(code: "ValidationException", status: 400, message: message)
    }

    static func validation(_ failure: ValidationFailure) -> ServiceError {
        self.validation(failure.message)
    }

    /// The error of item operations on a table that does not exist.
    static var resourceNotFound: ServiceError {
        DynamoDBError.resourceNotFound(message: "Requested resource not found")
    }

    /// Whether the same request may succeed after a pause.
    var isThrottling: Bool { ["ProvisionedThroughputExceededException", "ThrottlingException"].contains(self.code) }

    /// The client's error for a storage error that no retry of ours could resolve.
    ///
    /// The reasons are for the operator: they are on `/readyz` and in the log, not in the answer.
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
        case .corrupt:
            self = ServiceError(
                code: "ServiceUnavailable", status: 503,
                message: "The stored data is damaged; /readyz of the server names the reason."
            )
        case .unknownOutcome, .unavailable, .tokenMismatch:
            self = ServiceError(
                code: "ServiceUnavailable",
                status: 503,
                message: "The store does not take writes now; /readyz of the server names the reason."
            )
        }
    }
}

extension DynamoDBError {
    /// Too many concurrent writers of one item.
    static var transactionConflict: ServiceError {
        ServiceError(
            code: "TransactionConflictException",
            status: 400,
            message: "Transaction is ongoing for the item"
        )
    }
}

/// Runs checks whose refusals have DynamoDB's wording, and converts these to `ValidationException`s.
func validating<Value>(_ work: () throws(ValidationFailure) -> Value) throws(ServiceError) -> Value {
    do throws(ValidationFailure) {
        return try work()
    } catch {
        throw .validation(error)
    }
}

/// The same for PutItem, UpdateItem and DeleteItem, which prefix the refusals that do not depend on the table.
func validatingEnveloped<Value>(_ work: () throws(ValidationFailure) -> Value) throws(ServiceError) -> Value {
    do throws(ValidationFailure) {
        return try work()
    } catch {
        throw .validation(error.enveloped)
    }
}
