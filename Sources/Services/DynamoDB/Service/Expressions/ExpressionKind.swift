package import DynamoDBValues

/// The parameters that carry an expression.
package enum ExpressionKind: String, Sendable, Hashable {
    case condition = "ConditionExpression"
    case filter = "FilterExpression"
    case keyCondition = "KeyConditionExpression"
    case projection = "ProjectionExpression"
    case update = "UpdateExpression"
    case search = "SearchConditionExpression"

    /// The longest text of one expression, in bytes.
    /// - Source: DynamoDB Developer Guide, "Quotas", "Expression parameters".
    package static let utf8CountMax = 4096
    /// Operators and functions in one expression.
    static let operatorCountMax = 300
    /// Operands of one `IN`.
    static let inOperandCountMax = 100
    /// Steps of one document path.
    static let pathStepCountMax = 32
    /// Largest index into a list.
    /// - Source: floci's issue 3073 measured it on AWS in September 2026.
    static let listIndexMax = 4_294_967_294

    /// The error about this expression, with AWS's usual beginning.
    func invalid(_ detail: String) -> ValidationFailure {
        ValidationFailure("Invalid \(self.rawValue): \(detail)")
    }

    /// Makes the checks that precede parsing.
    func checkSize(_ text: [UInt8]) throws(ValidationFailure) {
        guard !text.isEmpty else { throw self.invalid("The expression can not be empty;") }
        guard text.count <= Self.utf8CountMax else { throw self.tooLarge() }
    }

    /// AWS states the size only for the filter of a Scan.
    ///
    /// - Source: answers of September 2026 that floci's pull request 3447 compares.
    func tooLarge(utf8Count: Int? = nil) -> ValidationFailure {
        let size = utf8Count.map { " expression size: \($0)" } ?? ""
        return self.invalid("Expression size has exceeded the maximum allowed size;\(size)")
    }
}

extension ValidationFailure {
    /// The same with the prefix that PutItem, UpdateItem and DeleteItem put before failures that do not depend on the
    /// table.
    ///
    /// - Source: answers of AWS in 2026 as moto's tests record them; other operations print the bare sentence.
    package var enveloped: ValidationFailure {
        ValidationFailure("1 validation error detected: \(self.message)")
    }
}
