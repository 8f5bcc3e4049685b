internal import DynamoDBValues

/// Expression attribute names and values in a request without an expression.
enum ExpressionParameters {
    private static let rule = "can only be specified when using expressions"

    /// Refuses them.
    ///
    /// `valued` are the operation's parameters whose expressions can have values, with their texts, in AWS's order;
    /// `hasProjection` that there is a projection, which has only names. Query does not name the parameters.
    /// - Source: answers of AWS in 2026, as public issues and moto's tests record them.
    static func check(
        names: [String: String]?,
        values: AttributeMap?,
        _ valued: KeyValuePairs<String, String?>,
        hasProjection: Bool = false,
        namesParameters: Bool = true
    ) throws(ValidationFailure) {
        guard names != nil || values != nil, valued.allSatisfy({ $0.value == nil }) else { return }
        if names != nil, !hasProjection { throw ValidationFailure("ExpressionAttributeNames \(self.rule)") }
        guard values != nil else { return }
        let missing = valued.map(\.key).joined(separator: " and ") + (valued.count == 1 ? " is null" : " are null")
        throw ValidationFailure(
            "ExpressionAttributeValues \(self.rule)" + (namesParameters ? ": \(missing)" : "")
        )
    }
}
